// What jemalloc reads as it starts (jemalloc(3), TUNING). By itself it gives every block of 8 MiB and more back to the
// system at once, and a request of that size, which is held and copied in several places, would be paid for in page
// faults at each of them. So such blocks are kept for some seconds, like all others. What is free then is given back by
// a thread of its own: otherwise a thread gives back what is its own, as it allocates, and one at rest never would.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:0,background_thread:true";
}
