#include "stream.h"
#include "ways.h"
#include "out.h"
const char *stream_dial(uint16_t id, uint16_t port){(void)port;out_frame('R',id,0,0);return 0;}
const char *stream_data(uint16_t id, const uint8_t *d, size_t l){(void)id;(void)d;(void)l;return 0;}
const char *stream_end(uint16_t id){(void)id;return 0;}
const char *stream_reset(uint16_t id){(void)id;return 0;}
const char *stream_credit(uint16_t id, uint32_t b){(void)id;(void)b;return 0;}
void stream_rearm(void){} 
const char *ways_open(const struct job *j){(void)j;return 0;}
void ways_rearm(void){} int ways_patience(void){return -1;} void ways_tick(void){}
