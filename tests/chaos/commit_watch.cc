#include "tests/chaos/commit_watch.h"

#include <algorithm>
#include <cstdint>

namespace lmsmail::chaos {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kKept = 8;  // octets of a body, enough to recognize the statement
constexpr std::uint32_t kVersion3 = 3 << 16;

std::uint32_t BigEndian(std::string_view four) {
  std::uint32_t value = 0;
  for (const char octet : four.substr(0, kLengthBytes)) {
    value = value << 8 | static_cast<unsigned char>(octet);
  }
  return value;
}

}  // namespace

bool CommitWatch::Feed(std::string_view bytes) {
  bool commit = false;
  while (!bytes.empty()) {
    if (left_ == 0) {
      if (!ConsumeHeader(bytes)) break;
      if (left_ == 0) commit = EndMessage() || commit;
      continue;
    }
    const std::size_t size = std::min(left_, bytes.size());
    body_.append(bytes.substr(0, std::min(size, kKept - body_.size())));
    bytes.remove_prefix(size);
    left_ -= size;
    if (left_ == 0) commit = EndMessage() || commit;
  }
  return commit;
}

bool CommitWatch::ConsumeHeader(std::string_view& bytes) {
  const std::size_t wanted = kLengthBytes + (started_ ? 1 : 0);
  const std::size_t size = std::min(wanted - header_.size(), bytes.size());
  header_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  if (header_.size() < wanted) return false;
  // The length includes itself.
  const std::uint32_t length = BigEndian(std::string_view(header_).substr(wanted - kLengthBytes));
  length_ = left_ = length < kLengthBytes ? 0 : length - kLengthBytes;
  body_.clear();
  return true;
}

bool CommitWatch::EndMessage() {
  const char type = started_ ? header_.front() : '\0';
  header_.clear();
  if (type == 'Q' && body_.starts_with("BEGIN")) in_transaction_ = true;
  const bool commits =
      (type == 'Q' && body_.starts_with("COMMIT")) || (type == 'S' && !in_transaction_);
  if (type == 'Q' && (commits || body_.starts_with("ROLLBACK"))) in_transaction_ = false;
  if (started_) return commits;
  // A request for encryption has a different number and is followed by the start-up packet.
  started_ = length_ >= kLengthBytes && BigEndian(body_) == kVersion3;
  return false;
}

}  // namespace lmsmail::chaos
