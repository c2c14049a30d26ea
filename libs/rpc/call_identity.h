#pragma once

#include <string>
#include <string_view>

// The ids by which a call is found in logs and traces.
namespace lmsmail::rpc {

// 128 random bits, hexadecimal.
std::string NewRequestId();

// True for 1 to 128 printable ASCII characters without spaces: safe in a header and a log.
bool IsValidRequestId(std::string_view id);

// The W3C traceparent (https://www.w3.org/TR/trace-context/, section 3.2) of a span below `parent`:
// the same trace and flags, a new parent-id. Without a valid `parent`, a new trace, not sampled.
std::string ChildTraceparent(std::string_view parent);

}  // namespace lmsmail::rpc
