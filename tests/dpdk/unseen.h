// Memory accesses that ThreadSanitizer must not look at. A buffer goes from a test to a worker and
// back through rte_rings, and through a mempool when it is freed; the worker's ends of those lie in
// DPDK's libraries, which are not instrumented, so that the order between the two threads is there
// but not seen. Leaving out the test's accesses leaves the worker's own among themselves.
#pragma once

#if defined(__SANITIZE_THREAD__)
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#endif

namespace pollux::test {

// As long as it lives, for the thread that made it.
class UnseenAccesses {
 public:
#if defined(__SANITIZE_THREAD__)
  UnseenAccesses() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~UnseenAccesses() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  UnseenAccesses() {}
  ~UnseenAccesses() {}
#endif
  UnseenAccesses(const UnseenAccesses&) = delete;
  UnseenAccesses& operator=(const UnseenAccesses&) = delete;
};

}  // namespace pollux::test
