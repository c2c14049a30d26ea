#pragma once

#include <string>
#include <string_view>

// Under which names a call is found in logs and traces.
namespace lmsmail::rpc {

// 128 random bits, hexadecimal.
std::string NewRequestId();

// True for 1 to 128 printable ASCII characters without spaces: fit for a header and a log.
bool IsValidRequestId(std::string_view id);

// The W3C traceparent (https://www.w3.org/TR/trace-context/, section 3.2) of a span below `parent`:
// its trace and flags, a new parent-id. Without a valid `parent`, a new trace that is not sampled.
std::string ChildTraceparent(std::string_view parent);

}  // namespace lmsmail::rpc
