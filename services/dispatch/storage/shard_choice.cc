#include "services/dispatch/storage/shard_choice.h"

#include <cstdint>
#include <string_view>

namespace lmsmail::dispatch {
namespace {

// FNV-1a, 64 bits (RFC 9923), then the finalizer of splitmix64, because the low bits of FNV are
// weak. Not std::hash, because all replicas must choose the same shard.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t x = 0xcbf29ce484222325u;
  for (const char c : text) x = (x ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

bool IsLarge(const Submission& submission) {
  return submission.chunk > 0 || submission.items.size() > kMaxItemsOfSmall;
}

}  // namespace

int ShardFor(const Submission& submission) {
  const std::uint64_t hash = Hash(submission.request_id);
  if (!IsLarge(submission)) return static_cast<int>(hash % kSmallShards);
  return kSmallShards + static_cast<int>(2 * (hash % kLargePairs)) + submission.chunk % 2;
}

bool MayShareShard(const Submission& submission, const Submission& other) {
  if (!IsLarge(submission) && !IsLarge(other)) return true;
  return ShardFor(submission) == ShardFor(other);
}

}  // namespace lmsmail::dispatch
