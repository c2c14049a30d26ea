#pragma once

#include <vector>

#include "libs/postgres/array_literal.h"
#include "services/dispatch/message.h"
#include "services/dispatch/storage/claim_floors.h"

namespace lmsmail::dispatch {

// The floors of many lanes as parallel arrays, for unnest(lanes, shards, dues, ids).
struct FloorArrays {
  postgres::ArrayLiteral lanes, shards, dues, ids;

  // `floors` by shard.
  void Add(Lane lane, const std::vector<ClaimFloors::Key>& floors) {
    int shard = 0;
    for (const ClaimFloors::Key& floor : floors) {
      lanes.AddInt(static_cast<int>(lane));
      shards.AddInt(shard++);
      dues.AddTime(floor.due);
      ids.AddInt(floor.id);
    }
  }
};

}  // namespace lmsmail::dispatch
