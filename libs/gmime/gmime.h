#pragma once

#include <gmime/gmime.h>

#include <memory>

// What every use of GMime needs.
namespace lmsmail::gmime {

// Call it before anything else of GMime, as often as you like. Thread-safe, which g_mime_init() is
// not.
void Initialize();

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

}  // namespace lmsmail::gmime
