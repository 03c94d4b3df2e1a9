#!/bin/sh
# A sample without malice: prints, leaves a file, and exits with a code that is its own.
echo "hello from $(hostname), run as $(id -un)"
echo "this goes to standard error" >&2
echo "I was here" >/tmp/hello.txt
exit 7
