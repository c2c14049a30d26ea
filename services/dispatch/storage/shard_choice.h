#pragma once

#include "services/dispatch/storage/queue_store.h"

// Chooses the shard of the queue in which mail waits. Claims visit the shards with due mail round
// robin: mails in one shard wait for each other, and shards get equal numbers of claims.
namespace lmsmail::dispatch {

// The first shards are reserved for single mails and batches that fit into one claim, so these
// never wait behind a large batch.
inline constexpr int kSmallShards = 4;
// A large batch uses two of the other shards: two replicas can claim from it at the same time, and
// most shards remain for other large batches.
inline constexpr int kLargePairs = 6;
inline constexpr int kShards = kSmallShards + 2 * kLargePairs;

// A batch is large if one submission has more items than this, or if a stream has several chunks.
inline constexpr std::size_t kMaxItemsOfSmall = 500;

// Must never change: replicas of different releases work on one queue.
int ShardFor(const Submission& submission);
// Whether `other` may wait in ShardFor(submission): both are small, or that is its own shard too.
bool MayShareShard(const Submission& submission, const Submission& other);

}  // namespace lmsmail::dispatch
