# Runs a command that starts a daemon, and stays as the parent of all that loses its own: reaping.pl COMMAND…
#
# libvirtd lets go of each QEMU that it starts, and waits for its end until somebody has reaped it. Where systemd is not,
# the first process of the machine does so seconds later, or, in a container, never.
use strict;
use warnings;
use POSIX qw(setsid uname);

my %prctl = (x86_64 => 157, aarch64 => 167);
my $PR_SET_CHILD_SUBREAPER = 36;

pipe(my $started, my $start) or die "reaping.pl: no pipe: $!\n";
if (fork // die "reaping.pl: no process: $!\n") {
  close $start;
  my $code = <$started>;
  exit($code // 1);
}
close $started;
setsid;
my $number = $prctl{(uname)[4]};
syscall($number, $PR_SET_CHILD_SUBREAPER, 1) if defined $number;
my $child = fork // die "reaping.pl: no process: $!\n";
if (!$child) {
  close $start;
  exec @ARGV or die "reaping.pl: cannot run $ARGV[0]: $!\n";
}
waitpid $child, 0;
my $failed = $? ? 1 : 0;
print $start $failed;
close $start;
exit if $failed;
open STDIN, '<', '/dev/null';
open STDOUT, '>', '/dev/null';
open STDERR, '>', '/dev/null';
chdir '/';
1 while wait > 0;
