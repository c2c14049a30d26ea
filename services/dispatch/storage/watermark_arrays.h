#pragma once

#include <vector>

#include "libs/postgres/array_literal.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/low_watermarks.h"

namespace lmsmail::dispatch {

// The floors of many lanes as parallel arrays, for unnest(lanes, shards, dues, ids).
struct FloorArrays {
  postgres::ArrayLiteral lanes, shards, dues, ids;

  // `floors` by shard.
  void Add(Lane lane, const std::vector<LowWatermarks::Key>& floors) {
    int shard = 0;
    for (const LowWatermarks::Key& floor : floors) {
      lanes.AddInt(static_cast<int>(lane));
      shards.AddInt(shard++);
      dues.AddTime(floor.due);
      ids.AddInt(floor.id);
    }
  }
};

}  // namespace lmsmail::dispatch
