/* Puts an archive below a folder. Nothing is ever written outside it: names are walked component by
 * component without following links, absolute names and `..` are refused, files are always new ones. */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct tar;

/* Opens the folder. NULL, or a sentence (in static memory, like those below) with which to refuse. */
const char *unpack_open(const char *root);

/* Connects a reader to the open folder. */
void unpack_attach(struct tar *t);

/* The archive is over: folders get the modes that would have been in the way while it was unpacked. */
const char *unpack_close(void);

#endif
