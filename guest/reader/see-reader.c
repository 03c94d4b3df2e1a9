// Lists and reads the file systems of a disk for the host, which asks for it over a virtio-serial port: the protocol is in
// README.md. It runs in a guest of its own, without network, whose kernel is what a hostile file system meets.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "walk.h"

#define MOUNTS "/run/see"
#define MAX_REQUEST 1048576
#define CHUNK 65536

static int port;
static char request[MAX_REQUEST + 1];
static unsigned char output[262144];
static size_t pending;

static void flush(void) {
  for (size_t done = 0; done < pending;) {
    ssize_t n = write(port, output + done, pending - done);
    if (n < 0 && errno != EINTR && errno != EAGAIN) exit(1);
    if (n > 0) done += n;
  }
  pending = 0;
}

void send_bytes(const void *bytes, size_t length) {
  for (const char *from = bytes; length > 0;) {
    size_t part = sizeof output - pending < length ? sizeof output - pending : length;
    memcpy(output + pending, from, part);
    pending += part, from += part, length -= part;
    if (pending == sizeof output) flush();
  }
}

void send_frame(char type, const void *payload, uint32_t length) {
  unsigned char head[] = {type, length >> 24, length >> 16, length >> 8, length};
  send_bytes(head, sizeof head);
  send_bytes(payload, length);
}

static void done(void) {
  send_frame('K', NULL, 0);
  flush();
}

static void failed(const char *what) {
  char text[300];
  int length = snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
  send_frame('X', text, length < (int)sizeof text ? length : (int)sizeof text - 1);
  flush();
}

// @returns whether it could be read to its end, or up to the length that was asked for
int send_content(int file, unsigned long long most) {
  static char buffer[CHUNK];
  ssize_t n = 0;
  while (most > 0 && (n = read(file, buffer, most < sizeof buffer ? most : sizeof buffer)) > 0) {
    send_frame('C', buffer, n);
    most -= n;
  }
  return n >= 0;
}

// Members of one btrfs have to be known before it is mounted.
static void scan_btrfs(const char *device) {
  struct btrfs_ioctl_vol_args members;
  memset(&members, 0, sizeof members);
  strncpy(members.name, device, sizeof members.name - 1);
  int control = open("/dev/btrfs-control", O_RDWR | O_CLOEXEC);
  if (control >= 0) ioctl(control, BTRFS_IOC_SCAN_DEV, &members);
  if (control >= 0) close(control);
}

struct way { const char *type, *options; int partly; };
// What is played back goes to memory of the host's, never to the disk. Where that fails, without it.
static const struct way ways[] = {
  {"ext2", "errors=continue", 0}, {"ext3", "errors=continue", 0}, {"ext3", "errors=continue,noload", 1},
  {"ext4", "errors=continue", 0}, {"ext4", "errors=continue,noload", 1},
  {"xfs", "nouuid", 0}, {"xfs", "nouuid,norecovery", 1},
  {"btrfs", "subvolid=5", 0}, {"btrfs", "subvolid=5,degraded", 0}, {"btrfs", "subvolid=5,rescue=nologreplay", 1},
  {"vfat", "iocharset=utf8", 0}, {"exfat", "iocharset=utf8", 0}, {"udf", "", 0}, {"iso9660", "", 0},
  {"squashfs", "", 0}, {"erofs", "", 0},
};

// Each file system has a folder, named by the number that the host has given it.
static const char *root_of(const char *number) {
  static char path[64];
  snprintf(path, sizeof path, MOUNTS "/%u", atoi(number));
  return path;
}

static void mount_device(const char *root, const char *device, const char *type) {
  int failure = ENODEV;
  mkdir(root, 0700);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (strcmp(ways[i].type, type) != 0) continue;
    if (mount(device, root, type, MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_NOATIME, ways[i].options) == 0) {
      send_frame('M', ways[i].partly ? "1" : "0", 1);
      return done();
    }
    failure = errno;
  }
  errno = failure;
  failed("mount");
}

// One name at a time, so that a link leads nowhere and a path may be as long as it likes.
static int open_path(const char *root, char *path) {
  int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (char *name = strtok(path, "/"), *next; name && folder >= 0; name = next) {
    next = strtok(NULL, "/");
    int inner = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (next ? O_DIRECTORY : 0));
    close(folder);
    folder = inner;
  }
  return folder;
}

static void read_file(const char *root, char *path, unsigned long long most) {
  struct stat status;
  int file = open_path(root, path);
  if (file < 0) return failed("open");
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(file);
    errno = EINVAL;
    return failed("read");
  }
  if (send_content(file, most)) done();
  else failed("read");
  close(file);
}

static int receive(void *bytes, size_t length) {
  for (size_t got = 0; got < length;) {
    ssize_t n = read(port, (char *)bytes + got, length - got);
    // The other end is not open yet.
    if (n == 0) usleep(5000);
    else if (n < 0 && errno != EINTR && errno != EAGAIN) return 0;
    else if (n > 0) got += n;
  }
  return 1;
}

// What discover found, a line each.
static void tell_volumes(const char *list) {
  char line[1024];
  FILE *lines = fopen(list, "r");
  while (lines && fgets(line, sizeof line, lines)) send_frame('V', line, strcspn(line, "\n"));
  if (lines) fclose(lines);
  done();
}

int main(int count, char **arguments) {
  if (count < 3 || (port = open(arguments[1], O_RDWR | O_CLOEXEC)) < 0) return 1;
  mkdir(MOUNTS, 0700);
  tell_volumes(arguments[2]);
  for (;;) {
    unsigned char head[5];
    if (!receive(head, sizeof head)) return 1;
    uint32_t length = (uint32_t)head[1] << 24 | head[2] << 16 | head[3] << 8 | head[4];
    if (length > MAX_REQUEST || !receive(request, length)) return 1;
    request[length] = 0;
    // Texts, each with a NUL behind it.
    char *words[3] = {request};
    for (int i = 1; i < 3; i++) words[i] = words[i - 1] + strlen(words[i - 1]) + (words[i - 1] + strlen(words[i - 1]) < request + length);
    const char *root = root_of(request);
    switch (head[0]) {
      case 'B': scan_btrfs(request); done(); break;
      case 'M': mount_device(root, words[1], words[2]); break;
      case 'L': if (walk(root, strtoull(words[1], NULL, 10), strtoull(words[2], NULL, 10))) done(); else failed("list"); break;
      case 'R': read_file(root, words[1], strtoull(words[2], NULL, 10)); break;
      default: return 0;
    }
  }
}
