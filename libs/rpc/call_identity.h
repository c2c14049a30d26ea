#pragma once

#include <string>
#include <string_view>

// The id by which a call is found in logs.
namespace lmsmail::rpc {

// 128 random bits, hexadecimal.
std::string NewRequestId();

// True for 1 to 128 printable ASCII characters without spaces: safe in a header and a log.
bool IsValidRequestId(std::string_view id);

}  // namespace lmsmail::rpc
