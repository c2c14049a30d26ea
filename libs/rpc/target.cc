#include "libs/rpc/target.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

#include "libs/loopback/loopback.h"
#include "libs/strings/view.h"

namespace lmsmail::rpc {
namespace {

// Removes `prefix` if `text` begins with it.
bool Consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "host", "host:port", "[v6]:port".
bool IsLoopbackAddress(std::string_view address) {
  if (address.starts_with('[')) address = address.substr(0, address.find(']') + 1);
  if (std::ranges::count(address, ':') == 1) address = address.substr(0, address.find(':'));
  return IsLoopbackHost(std::string(address));
}

}  // namespace

bool IsOnThisMachine(std::string_view target) {
  if (target.starts_with("unix:") || target.starts_with("unix-abstract:")) return true;
  if (Consume(target, "ipv4:") || Consume(target, "ipv6:")) {
    const std::vector<std::string> addresses = absl::StrSplit(ToAbsl(target), ',');
    return std::ranges::all_of(addresses, IsLoopbackAddress);
  }
  if (Consume(target, "dns:") && Consume(target, "//")) {
    // The name server comes first.
    const std::size_t slash = target.find('/');
    target = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
  }
  return IsLoopbackAddress(target);
}

}  // namespace lmsmail::rpc
