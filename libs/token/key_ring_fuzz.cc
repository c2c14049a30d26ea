#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/token/key_ring.h"

// The input is a token from a URL. None that this ring did not make opens.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using lmsmail::token::KeyRing;
  static const KeyRing ring = KeyRing::Parse("k1:" + std::string(64, 'a')).value();
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  const auto payload = ring.Open("unsubscribe", token);
  if (payload.ok() && ring.Seal("unsubscribe", *payload) != token) std::abort();
  const auto folded = ring.OpenCaseless("unsubscribe", token);
  if (folded.ok() && ring.SealCaseless("unsubscribe", *folded).size() != token.size()) std::abort();
  return 0;
}
