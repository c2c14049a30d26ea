#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"

// The parts of a MessageId. The SQL functions day_of, first_id_of, partition_of and shard_of must
// agree with it.
namespace lmsmail::dispatch {

inline constexpr int kShardShift = 39;
inline constexpr int kDayShift = 47;
inline constexpr std::int64_t kMaxDay = (1 << 16) - 1;
inline constexpr int kPartitionDays = 8;  // that a partition of the log has

// Days since 2024-01-01 in UTC, clamped to what an id can hold.
inline std::int64_t DayOf(absl::Time time) {
  constexpr std::int64_t kFirstDay = 19723;  // 2024-01-01 in days since 1970
  const std::int64_t day = absl::ToInt64Hours(time - absl::UnixEpoch()) / 24 - kFirstDay;
  return std::clamp<std::int64_t>(day, 0, kMaxDay);
}
inline std::int64_t DayOf(MessageId id) { return id >> kDayShift; }
inline int ShardOf(MessageId id) { return static_cast<int>((id >> kShardShift) & 0xFF); }
inline MessageId FirstIdOf(std::int64_t day) { return day << kDayShift; }

}  // namespace lmsmail::dispatch
