// Calls C from Go: the length of a word as C's library counts it.
package main

/*
#include <stdlib.h>
#include <string.h>
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func main() {
	for _, word := range os.Args[1:] {
		text := C.CString(word)
		fmt.Println(word, C.strlen(text))
		C.free(unsafe.Pointer(text))
	}
}
