#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/address/email_address.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

// The input is an address. What is accepted is safe in SMTP and in headers, and stays what it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lmsmail::address;  // NOLINT: a program of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ValidateDisplayName(text));
  const auto address = ParseEmailAddress(text);
  if (!address.ok()) {
    Require(!address.status().message().empty());
    return 0;
  }
  const std::string written = address->ToString();
  Require(written.size() <= 254 && address->local.size() <= 64 && address->domain.size() <= 255);
  Require(std::ranges::all_of(written, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > ' ' && octet != 0x7f && c != '<' && c != '>' && c != '"' && c != ',';
  }));
  Require(std::ranges::all_of(address->domain, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  }));
  const auto again = ParseEmailAddress(written);
  Require(again.ok() && *again == *address);
  const std::string canonical = CanonicalForm(*address);
  const auto of_canonical = ParseEmailAddress(canonical);
  // Lower case may have more octets than an address.
  Require(!of_canonical.ok() || CanonicalForm(*of_canonical) == canonical);
  return 0;
}
