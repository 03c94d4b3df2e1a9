// Waits until the host says who this machine is, and makes a clone of a template a machine of its own: the contract is in
// ../README.md. It is linked statically and looks for what a guest has, so that it does in any Linux guest. It waits as a process, since starting one is what takes time in a guest that was just resumed.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/random.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PLACE "/run/see-identity"
#define RESULT PLACE ".result"
#define PORTS "/sys/class/virtio-ports"
#define PORT_NAME "org.see.identity.0\n"
// Seconds.
#define PORT_TRIES 120
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define NO_IPV6 "/proc/sys/net/ipv6/conf/%s/disable_ipv6"
// The script that renews the lease and restarts services in guests other than the tiny one.
#define AFTERWARDS "/usr/lib/see/afterwards"
#define OWN_BOOT_ID "/run/boot_id"

static char problem[256];

// Every step returns what it could not do, or NULL.
static const char *cannot(const char *what) {
  snprintf(problem, sizeof problem, "cannot %s: %s", what, strerror(errno));
  return problem;
}

static int slurp(const char *path, char *content, int size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  int length = file < 0 ? -1 : read(file, content, size - 1);
  if (file >= 0) close(file);
  content[length < 0 ? 0 : length] = 0;
  return length;
}

// In place: ext4 immediately writes a file that was emptied before.
static int spew(const char *path, const char *content, int mode) {
  int length = strlen(content);
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
  if (file < 0) return 0;
  int written = write(file, content, length) == length;
  struct stat now;
  if (written && fstat(file, &now) == 0 && now.st_size > length) written = ftruncate(file, length) == 0;
  return close(file) == 0 && written;
}

static int hexadecimal(const char *text, int least, int most) {
  int length = strlen(text);
  if (length < least || length > most) return 0;
  for (; *text; text++) {
    if (!isdigit(*text) && (*text < 'a' || *text > 'f')) return 0;
  }
  return 1;
}

static int host_name(const char *text) {
  int length = strlen(text);
  if (length < 1 || length > 63 || text[0] == '-' || text[length - 1] == '-') return 0;
  for (; *text; text++) {
    if (!isdigit(*text) && *text != '-' && (*text < 'a' || *text > 'z')) return 0;
  }
  return 1;
}

static int hardware_address(const char *text, unsigned char *bytes) {
  int end = 0;
  if (strlen(text) != 17 || sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", bytes, bytes + 1, bytes + 2,
                                   bytes + 3, bytes + 4, bytes + 5, &end) != 6) return 0;
  return end == 17 && (bytes[0] & 1) == 0;
}

static const char *reseed(const char *entropy) {
  if (!hexadecimal(entropy, 64, 512)) return "entropy is not 64 to 512 hexadecimal digits";
  int random = open("/dev/urandom", O_RDWR | O_CLOEXEC);
  if (random < 0) return cannot("open /dev/urandom");
  if (write(random, entropy, strlen(entropy)) < 0) return cannot("write to /dev/urandom");
  // The first 64 bytes of a virtio device were fetched before the template was frozen.
  int device = open("/dev/hwrng", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  char bytes[64];
  for (int i = 0, n; device >= 0 && i < 4 && (n = read(device, bytes, sizeof bytes)) > 0; i++) write(random, bytes, n);
  if (device >= 0) close(device);
  // What was written counts from now on, and not a minute later.
  int done = ioctl(random, RNDRESEEDCRNG);
  close(random);
  return done == 0 ? NULL : cannot("reseed the random numbers");
}

static const char *set_clock(const char *text) {
  struct timespec now = {0, 0};
  int end = 0;
  if (strlen(text) > 24 || sscanf(text, "%11ld.%9ld%n", &now.tv_sec, &now.tv_nsec, &end) != 2 || text[end] || now.tv_sec < 0 ||
      now.tv_nsec < 0) return "time is not SECONDS.NANOSECONDS";
  return clock_settime(CLOCK_REALTIME, &now) == 0 ? NULL : cannot("set the clock");
}

static const char *rename_host(const char *name) {
  static char hosts[65536], changed[131072];
  char before[65], line[80];
  if (!host_name(name)) return "hostname is not a name of letters, digits and hyphens";
  gethostname(before, sizeof before);
  if (sethostname(name, strlen(name)) != 0) return cannot("set the host name");
  snprintf(line, sizeof line, "%s\n", name);
  if (!spew("/etc/hostname", line, 0644)) return cannot("write /etc/hostname");
  if (slurp("/etc/hosts", hosts, sizeof hosts) <= 0) return NULL;
  *changed = 0;
  for (char *rest = hosts; *rest;) {
    int word = strcspn(rest, " \t\n");
    int same = word == (int)strlen(before) && strncmp(rest, before, word) == 0;
    if (strlen(changed) + 64 + word + 2 > sizeof changed) return "/etc/hosts is too long";
    strncat(changed, same ? name : rest, same ? strlen(name) : (size_t)word);
    if (rest[word]) strncat(changed, rest + word, 1);
    rest += word + (rest[word] != 0);
  }
  return spew("/etc/hosts", changed, 0644) ? NULL : cannot("write /etc/hosts");
}

static const char *set_ids(const char *machine) {
  char text[64];
  if (!hexadecimal(machine, 32, 32)) return "machine-id is not 32 hexadecimal digits";
  snprintf(text, sizeof text, "%s\n", machine);
  if (!spew("/etc/machine-id", text, 0444)) return cannot("write /etc/machine-id");
  slurp("/proc/sys/kernel/random/uuid", text, sizeof text);
  return spew(OWN_BOOT_ID, text, 0444) ? NULL : cannot("write " OWN_BOOT_ID);
}

// The kernel makes its own once a boot and cannot be given another: a file is mounted over it.
static void own_boot_id(void) {
  char text[64];
  if (slurp(BOOT_ID, text, sizeof text) > 0 && spew(OWN_BOOT_ID, text, 0444)) mount(OWN_BOOT_ID, BOOT_ID, NULL, MS_BIND, NULL);
}

static int pid_of(const char *pid_file) {
  char text[16];
  slurp(pid_file, text, sizeof text);
  return atoi(text);
}

static int has_ssh_keys;

static void tell_sshd(void) {
  int sshd = pid_of("/run/sshd.pid");
  if (sshd > 1) kill(sshd, SIGHUP);
}

#define SSH "/etc/ssh"
#define SSH_KEY SSH "/ssh_host_ed25519_key"
#define SSH_HEAD "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define SSH_FOOT "\n-----END OPENSSH PRIVATE KEY-----\n"

static int base64(const char *text, int length) {
  for (int i = 0; i < length; i++) {
    if (!isalnum(text[i]) && !strchr("+/=", text[i])) return 0;
  }
  return length > 0;
}

static int ends_with(const char *text, const char *end) {
  int excess = strlen(text) - strlen(end);
  return excess >= 0 && strcmp(text + excess, end) == 0;
}

// Whether there was one.
static int remove_ssh_keys(void) {
  DIR *keys = opendir(SSH);
  int found = 0;
  for (struct dirent *entry; keys && (entry = readdir(keys));) {
    char path[300];
    const char *name = entry->d_name;
    if (strncmp(name, "ssh_host_", 9) != 0 || !(ends_with(name, "_key") || ends_with(name, "_key.pub"))) continue;
    snprintf(path, sizeof path, SSH "/%s", name);
    found |= unlink(path) == 0;
  }
  if (keys) closedir(keys);
  return found;
}

// All of the template's keys are removed immediately. One of RSA takes ten seconds where the processor is emulated,
// and even to start what makes the quickest takes one, so the host sends that: PUBLIC PRIVATE.
static const char *renew_ssh_keys(const char *pair) {
  char content[900];
  int length = strcspn(pair, " ");
  const char *secret = pair + length + (pair[length] == ' ');
  if (*pair && (!base64(pair, length) || !base64(secret, strlen(secret)))) return "ssh-ed25519 is not two keys in base64";
  if (!remove_ssh_keys()) return NULL;
  has_ssh_keys = 1;
  if (!*pair) return NULL;
  snprintf(content, sizeof content, SSH_HEAD "%s" SSH_FOOT, secret);
  if (!spew(SSH_KEY, content, 0600)) return cannot("write " SSH_KEY);
  snprintf(content, sizeof content, "ssh-ed25519 %.*s\n", length, pair);
  if (!spew(SSH_KEY ".pub", content, 0644)) return cannot("write " SSH_KEY ".pub");
  tell_sshd();
  return NULL;
}

// After the answer. It gives way to what the host waits for; between sessions the kernel asks for that in another place.
static void renew_other_ssh_keys(void) {
  if (!has_ssh_keys) return;
  setpriority(PRIO_PROCESS, 0, 19);
  spew("/proc/self/autogroup", "19", 0);
  if (system("ssh-keygen -A >/dev/null 2>&1") == 0) tell_sshd();
}

static char interface[IFNAMSIZ];

// The one that has the address of the template's card; or else eth0.
static void find_interface(int udp, const char *card) {
  unsigned char bytes[6];
  struct if_nameindex *all = hardware_address(card, bytes) ? if_nameindex() : NULL;
  strcpy(interface, "eth0");
  for (struct if_nameindex *each = all; each && each->if_index; each++) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    snprintf(request.ifr_name, IFNAMSIZ, "%s", each->if_name);
    if (ioctl(udp, SIOCGIFHWADDR, &request) != 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER) continue;
    if (memcmp(request.ifr_hwaddr.sa_data, bytes, 6) == 0) snprintf(interface, IFNAMSIZ, "%s", each->if_name);
  }
  if (all) if_freenameindex(all);
}

static int set_up(int udp, int up) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, interface);
  if (ioctl(udp, SIOCGIFFLAGS, &request) != 0) return 0;
  request.ifr_flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
  return ioctl(udp, SIOCSIFFLAGS, &request) == 0;
}

static const char *change_card(int udp, const unsigned char *bytes) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, interface);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  memcpy(request.ifr_hwaddr.sa_data, bytes, 6);
  int done = ioctl(udp, SIOCSIFHWADDR, &request) == 0;
  // Not every driver changes it while the interface is up.
  if (!done && errno == EBUSY && set_up(udp, 0)) {
    done = ioctl(udp, SIOCSIFHWADDR, &request) == 0;
    set_up(udp, 1);
  }
  if (!done) return errno == ENODEV ? NULL : cannot("set the address of the network card");
  memset(&request.ifr_ifru, 0, sizeof request.ifr_ifru);
  request.ifr_addr.sa_family = AF_INET;
  ioctl(udp, SIOCSIFADDR, &request);
  return NULL;
}

static const char *renew_address(const char *card, const char *mac) {
  unsigned char bytes[6];
  if (!hardware_address(mac, bytes)) return "mac is not the address of one interface";
  int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (udp < 0) return cannot("make a socket");
  find_interface(udp, card);
  const char *failure = change_card(udp, bytes);
  close(udp);
  if (failure) return failure;
  // Off and on again: the link-local address is made of the old one.
  char off[8], path[96];
  snprintf(path, sizeof path, NO_IPV6, interface);
  if (slurp(path, off, sizeof off) > 0 && *off == '0' && !(spew(path, "1", 0) && spew(path, "0", 0))) return cannot("renew IPv6");
  // Its lease is of the address that was. Its end gives way to the answer.
  int dhcp = pid_of("/run/dhcp.pid");
  if (dhcp > 1 && setpriority(PRIO_PROCESS, dhcp, 19) == 0) kill(dhcp, SIGKILL);
  return NULL;
}

// After the answer: nothing waits for the lease. It gives way to the agent, for which the host does wait.
static void afterwards(void) {
  int tiny = access("/run/dhcp.pid", F_OK) == 0;
  if (tiny) setpriority(PRIO_PROCESS, 0, 19);
  if ((!tiny && access(AFTERWARDS, X_OK) != 0) || vfork() != 0) return;
  setsid();
  if (tiny) execl("/sbin/start-dhcp", "start-dhcp", NULL);
  else execl(AFTERWARDS, "afterwards", interface, NULL);
  _exit(127);
}

// The value of a key, or an empty text. Keys that are not known are left alone.
static void value_of(const char *input, const char *key, char *value, int size) {
  int length = strlen(key);
  *value = 0;
  for (const char *line = input; line; line = strchr(line, '\n'), line += line != NULL) {
    if (strncmp(line, key, length) != 0 || line[length] != '=') continue;
    snprintf(value, size, "%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
  }
}

static const char *become(const char *input) {
  char value[600], card[32];
  const char *failure;
  // Random numbers first: whatever follows draws from what is this machine's own.
  value_of(input, "entropy", value, sizeof value);
  if ((failure = reseed(value))) return failure;
  value_of(input, "time", value, sizeof value);
  if ((failure = set_clock(value))) return failure;
  // Before anything that is written to the disk, which may still be frozen: meanwhile the guest sends by this address.
  value_of(input, "card", card, sizeof card);
  value_of(input, "mac", value, sizeof value);
  if (*value && (failure = renew_address(card, value))) return failure;
  value_of(input, "hostname", value, sizeof value);
  if ((failure = rename_host(value))) return failure;
  value_of(input, "machine-id", value, sizeof value);
  if ((failure = set_ids(value))) return failure;
  value_of(input, "ssh-ed25519", value, sizeof value);
  return renew_ssh_keys(value);
}

// What a clone would have to read from its disk.
static void keep_in_memory(void) {
  char content[4096];
  const char *files[] = {"/etc/hostname", "/etc/hosts", "/etc/machine-id"};
  for (int i = 0; i < 3; i++) slurp(files[i], content, sizeof content);
}

// The host's own way to this program, where there is one.
static int open_port(void) {
  int found = -1;
  DIR *ports = opendir(PORTS);
  for (struct dirent *entry; ports && found < 0 && (entry = readdir(ports));) {
    char path[512], name[64];
    snprintf(path, sizeof path, PORTS "/%s/name", entry->d_name);
    if (slurp(path, name, sizeof name) <= 0 || strcmp(name, PORT_NAME) != 0) continue;
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    found = open(path, O_RDWR | O_CLOEXEC);
  }
  if (ports) closedir(ports);
  return found;
}

static void publish(const char *answer, int done) {
  spew(RESULT ".new", answer, 0600);
  if (done) unlink(PLACE);
  rename(RESULT ".new", RESULT);
}

// Waits for what is written to either; poll does not wait at a port whose other end is not open. Its driver may be
// loaded later than this program is started.
static int port = -1;

static int readable(int place, int tries) {
  for (int alone = 0;;) {
    if (port < 0 && tries-- > 0) port = open_port();
    struct pollfd both[] = {{place, POLLIN, 0}, {alone ? -1 : port, POLLIN, 0}};
    poll(both, 2, alone || (port < 0 && tries > 0) ? 1000 : -1);
    // Without a reader at the other end it is readable all the time.
    if ((both[1].revents & (POLLIN | POLLHUP)) == POLLIN) return port;
    if (both[0].revents & POLLIN) return place;
    alone = both[1].revents != 0;
  }
}

int main(int arguments, char **argument) {
  signal(SIGCHLD, SIG_DFL);
  mkfifo(PLACE, 0600);
  // For reading and writing, so that neither side waits for the other to open it.
  int place = open(PLACE, O_RDWR | O_CLOEXEC);
  if (place < 0) return 1;
  own_boot_id();
  keep_in_memory();
  int has_port = arguments <= 1 || strcmp(argument[1], "none") != 0;
  if (has_port) port = open_port();
  for (;;) {
    char input[4096] = "";
    int length = 0, n, from = readable(place, has_port ? PORT_TRIES : 0);
    // An empty line ends it.
    while (!strstr(input, "\n\n") && length < (int)sizeof input - 1 &&
           (n = read(from, input + length, sizeof input - 1 - length)) > 0) input[length += n] = 0;
    if (length == 0) continue;
    const char *failure = become(input);
    char answer[300];
    snprintf(answer, sizeof answer, failure ? "error: %s\n" : "ok\n", failure);
    if (from == place) publish(answer, !failure);
    else if (write(from, answer, strlen(answer)) < 0) continue;
    if (failure) continue;
    afterwards();
    renew_other_ssh_keys();
    return 0;
  }
}
