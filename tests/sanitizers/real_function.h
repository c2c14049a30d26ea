#pragma once

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace lmsmail::testing {

template <typename Signature>
class RealFunction;

// A library function that this program interposes, looked up by name at the first call. The first
// call may precede main(), in unspecified order.
template <typename Result, typename... Arguments>
class RealFunction<Result(Arguments...)> {
 public:
  constexpr explicit RealFunction(const char* name) : name_(name) {}

  Result operator()(Arguments... arguments) {
    void* function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) {
      function = ::dlsym(RTLD_NEXT, name_);
      if (function == nullptr) {
        std::fprintf(stderr, "%s is not in any library\n", name_);
        std::abort();
      }
      function_.store(function, std::memory_order_relaxed);
    }
    return reinterpret_cast<Result (*)(Arguments...)>(function)(arguments...);
  }

 private:
  const char* const name_;
  std::atomic<void*> function_ = nullptr;
};

}  // namespace lmsmail::testing
