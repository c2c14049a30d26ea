#pragma once

#include "services/dispatch/storage/queue_store.h"

// Which shard of the queue mail waits in. Claims visit the shards that have due mail in turn, so
// what shares a shard waits for each other, and what does not shares the way out evenly.
namespace lmsmail::dispatch {

// Single mails and batches that fit into one claim have the first shards to themselves: a large
// batch never stands before them.
inline constexpr int kSmallShards = 4;
// A large batch occupies two of the others, which lets two replicas claim from it at the same time
// and leaves most shards to other large batches.
inline constexpr int kLargePairs = 6;
inline constexpr int kShards = kSmallShards + 2 * kLargePairs;

// More items than this in one submission, or a further chunk of a stream, make a batch large.
inline constexpr std::size_t kMostItemsOfSmall = 500;

// The same for the same submission, always.
int ShardFor(const Submission& submission);

}  // namespace lmsmail::dispatch
