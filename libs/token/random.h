#pragma once

#include <cstddef>
#include <string>

// Unguessable values from the operating system's generator. Thread-safe.
namespace lmsmail::token {

// 2 * `bytes` lower-case hex digits.
std::string RandomHex(std::size_t bytes);

// Version 4 (RFC 9562 section 5.4): "f81d4fae-7dec-4d0d-a765-00a0c91e6bf6".
std::string Uuid4();

}  // namespace lmsmail::token
