// Reports to the host every name below a folder, and all that the file system keeps about what the name stands for.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "walk.h"

#define MAX_DEPTH 1000
#define MAX_PATH 1048576
#define MAX_ENTRY 2097152
#define SUBVOLUME_INODE 256
#define EMPTY_FOLDER_INODE 2
#define GET_FLAGS _IOR('f', 1, long)

static char path[MAX_PATH];
static unsigned char entry[MAX_ENTRY];
static size_t used;
static int overflow;

static void put(const void *bytes, size_t length) {
  if (used + length > sizeof entry) {
    overflow = 1;
    return;
  }
  memcpy(entry + used, bytes, length);
  used += length;
}

static void number(uint64_t value, int bytes) {
  unsigned char big[8];
  for (int i = 0; i < bytes; i++) big[i] = value >> 8 * (bytes - 1 - i);
  put(big, bytes);
}

static void blob(const void *bytes, size_t length) {
  number(length, 4);
  put(bytes, length);
}

// What could not be read of the name: the host says so in its report.
static void say(const char *text) {
  used = overflow = 0;
  blob(path, strlen(path));
  blob(text, strlen(text));
  send_frame('T', entry, used);
}

static void trouble(const char *what) {
  char text[200];
  snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
  say(text);
}

// Names and values; those of a link are its own.
static int attributes(const char *name) {
  static char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
  ssize_t length = llistxattr(name, names, sizeof names);
  if (length < 0 && errno != ENOTSUP) return 0;
  for (ssize_t at = 0; at < length; at += strlen(names + at) + 1) {
    ssize_t size = lgetxattr(name, names + at, value, sizeof value);
    if (size < 0) return 0;
    blob(names + at, strlen(names + at));
    blob(value, size);
  }
  return 1;
}

// btrfs numbers the files of each subvolume separately.
static uint64_t subvolume_of(int folder) {
  struct btrfs_ioctl_ino_lookup_args lookup;
  memset(&lookup, 0, sizeof lookup);
  lookup.objectid = SUBVOLUME_INODE;
  return ioctl(folder, BTRFS_IOC_INO_LOOKUP, &lookup) == 0 ? lookup.treeid : 0;
}

static void when(struct statx_timestamp time) {
  number(time.tv_sec, 8);
  number(time.tv_nsec, 4);
}

// Flags are those of chattr; all ones where there are none. The content comes behind, as much as is wanted.
static void tell(const char *name, const struct statx *status, uint64_t subvolume, int file, unsigned long long most) {
  static char target[65536];
  uint32_t flags = ~0u;
  int is_link = S_ISLNK(status->stx_mode);
  ssize_t length = is_link ? readlink(name, target, sizeof target) : 0;
  if (length < 0) return trouble("readlink");
  if (file >= 0 && ioctl(file, GET_FLAGS, &flags) != 0) flags = ~0u;
  used = overflow = 0;
  number(subvolume, 8), number(status->stx_ino, 8);
  number(status->stx_mode, 4), number(status->stx_uid, 4), number(status->stx_gid, 4), number(flags, 4);
  number(makedev(status->stx_rdev_major, status->stx_rdev_minor), 8), number(status->stx_size, 8);
  when(status->stx_mtime), when(status->stx_ctime), when(status->stx_btime);
  blob(path, strlen(path));
  blob(target, length);
  if (!attributes(name)) return trouble("attributes");
  errno = E2BIG;
  if (overflow) return trouble("attributes");
  send_frame('E', entry, used);
  if (most == 0) return;
  if (send_content(file, most)) send_frame('D', NULL, 0);
  else trouble("content");
}

static int is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

struct inode { uint64_t subvolume, number; };
// The folders that were entered: a table of which at most half is in use.
static struct inode *entered;
static size_t places, taken;

static struct inode *place_of(struct inode *table, size_t size, struct inode inode) {
  size_t at = (inode.number * 0x9e3779b97f4a7c15u ^ inode.subvolume) % size;
  while (table[at].number && (table[at].number != inode.number || table[at].subvolume != inode.subvolume)) at = (at + 1) % size;
  return &table[at];
}

static int grow(void) {
  size_t size = places ? places * 2 : 4096;
  struct inode *table = calloc(size, sizeof *table);
  if (!table) return 0;
  for (size_t i = 0; i < places; i++) {
    if (entered[i].number) *place_of(table, size, entered[i]) = entered[i];
  }
  free(entered);
  entered = table;
  places = size;
  return 1;
}

// A folder has one name: by a second one a hostile file system would have no end. btrfs has the same empty folder in the
// place of each subvolume that a snapshot does not hold.
static int is_first_entry(struct inode inode) {
  if (inode.subvolume && inode.number == EMPTY_FOLDER_INODE) return 1;
  if (taken * 2 >= places && !grow()) return 0;
  struct inode *place = place_of(entered, places, inode);
  if (place->number) return errno = 0;
  *place = inode;
  taken++;
  return 1;
}

struct level { DIR *folder; size_t end; uint64_t subvolume; dev_t device; };
static struct level levels[MAX_DEPTH];

// A folder's device differs from its parent's where a subvolume begins. errno is 0 for one that was entered before.
static int enter(int depth, int folder, size_t end) {
  struct stat status;
  if (depth == MAX_DEPTH) errno = ELOOP;
  if (depth == MAX_DEPTH || fstat(folder, &status) != 0) return 0;
  int same = depth > 0 && levels[depth - 1].device == status.st_dev;
  uint64_t subvolume = same ? levels[depth - 1].subvolume : subvolume_of(folder);
  if (!is_first_entry((struct inode){subvolume, status.st_ino})) return 0;
  DIR *open = fdopendir(folder);
  if (!open) return 0;
  levels[depth] = (struct level){open, end, subvolume, status.st_dev};
  return 1;
}

static void leave(struct level *level) {
  // What cannot be read any further is not the same as the end.
  if (errno != 0) {
    path[level->end] = 0;
    trouble("readdir");
  }
  closedir(level->folder);
}

// @param content_limit bytes of a file beyond which its content is not sent; 0 for none at all
// @param content_left bytes of content that are sent altogether
// @returns whether the root could be entered; all other failures are reported where they are
int walk(const char *root, unsigned long long content_limit, unsigned long long content_left) {
  int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), depth = 0;
  struct statx status;
  path[0] = 0;
  if (entered) memset(entered, 0, places * sizeof *entered);
  taken = 0;
  if (top < 0 || fchdir(top) != 0 || statx(top, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) return 0;
  if (!enter(0, top, 0)) return 0;
  tell(".", &status, levels[0].subvolume, top, 0);
  while (depth >= 0) {
    struct level *level = &levels[depth];
    errno = 0;
    struct dirent *next = readdir(level->folder);
    if (!next) {
      leave(level);
      if (--depth >= 0 && fchdir(dirfd(levels[depth].folder)) != 0) return 0;
      continue;
    }
    const char *name = next->d_name;
    size_t length = strlen(name);
    if (is_dots(name)) continue;
    path[level->end] = 0;
    if (level->end + length + 2 > sizeof path || strchr(name, '/')) {
      errno = EINVAL;
      trouble("name");
      continue;
    }
    path[level->end] = '/';
    memcpy(path + level->end + 1, name, length + 1);
    if (statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) {
      trouble("stat");
      continue;
    }
    // Nothing else is opened: a device or a pipe would be something of this guest's.
    int opened = S_ISREG(status.stx_mode) || S_ISDIR(status.stx_mode), is_folder = S_ISDIR(status.stx_mode);
    int file = opened ? open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC) : -1;
    if (opened && file < 0) trouble("open");
    int wanted = !is_folder && file >= 0 && status.stx_size <= content_limit, too_much = wanted && status.stx_size > content_left;
    uint64_t subvolume = level->subvolume;
    size_t end = level->end + 1 + length;
    if (is_folder && file >= 0) {
      if (enter(depth + 1, file, end)) subvolume = levels[depth + 1].subvolume;
      else {
        if (errno) trouble("enter");
        else say("a directory that was listed by another name before");
        is_folder = 0;
      }
    }
    tell(name, &status, subvolume, file, wanted && !too_much ? content_limit : 0);
    if (too_much) say("files hold more than a file system of this size can");
    else if (wanted) content_left -= status.stx_size;
    if (is_folder && file >= 0) {
      if (fchdir(file) != 0) return 0;
      depth++;
    } else if (file >= 0) close(file);
  }
  return 1;
}
