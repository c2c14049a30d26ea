#pragma once

#include <vector>

#include "libs/postgres/array_literal.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/low_watermarks.h"

namespace lmsmail::dispatch {

// The low watermarks of several lanes as parallel arrays, for unnest(lanes, shards, dues, ids).
struct WatermarkArrays {
  postgres::ArrayLiteral lanes, shards, dues, ids;

  // `watermarks` are in order of shards.
  void Add(Lane lane, const std::vector<LowWatermarks::Key>& watermarks) {
    int shard = 0;
    for (const LowWatermarks::Key& watermark : watermarks) {
      lanes.AddInt(static_cast<int>(lane));
      shards.AddInt(shard++);
      dues.AddTime(watermark.due);
      ids.AddInt(watermark.id);
    }
  }
};

}  // namespace lmsmail::dispatch
