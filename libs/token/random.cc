#include "libs/token/random.h"

#include <openssl/rand.h>

#include <cstdlib>

#include "libs/token/encoding.h"

namespace lmsmail::token {
namespace {

std::string RandomBytes(std::size_t size) {
  std::string bytes(size, '\0');
  // Without randomness every identifier could be guessed: there is nothing safe to go on with.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
    std::abort();
  }
  return bytes;
}

}  // namespace

std::string RandomHex(std::size_t bytes) { return HexEncode(RandomBytes(bytes)); }

std::string Uuid4() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 9562
  std::string text = HexEncode(bytes);
  for (const std::size_t position : {8, 13, 18, 23}) text.insert(position, 1, '-');
  return text;
}

}  // namespace lmsmail::token
