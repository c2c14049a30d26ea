#pragma once

#include <gmime/gmime.h>

#include <memory>
#include <string_view>

namespace lmsmail::gateway {

struct UnrefGObject {
  void operator()(gpointer object) const { g_object_unref(object); }
};
// A GLib object of one's own.
template <typename T>
using OwnedGObject = std::unique_ptr<T, UnrefGObject>;

// Reads a message that anybody may have sent. Null if there is none, or if it has more parts than
// any honest one, nested or not: GMime recurses into them without a limit. The text need not
// outlive the result. Thread-safe.
OwnedGObject<GMimeMessage> ParseGMimeMessage(std::string_view message);

}  // namespace lmsmail::gateway
