#include <stddef.h>
#include <stdint.h>

void send_bytes(const void *bytes, size_t length);
void send_frame(char type, const void *payload, uint32_t length);
int send_content(int file, unsigned long long most);
int walk(const char *root, unsigned long long content_limit, unsigned long long content_left);
