#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "libs/postgres/pool.h"

namespace lmsmail::dispatch {

// A database of its own, with the schema of dispatch and the partitions of the coming days.
class PgTestDatabase {
 public:
  PgTestDatabase();

  postgres::Pool& pool() { return *pool_; }
  // Opens a new pool and waits until all earlier sessions have ended.
  void Reconnect();
  // Returns one value, as text.
  std::string Query(const std::string& sql);
  void Execute(const std::string& sql);
  absl::Time Now();
  // Moves all stored times back by `by`, because the clock of the database cannot be set. The days
  // in message ids stay as they are.
  void Advance(absl::Duration by);

 private:
  std::string dsn_;
  std::unique_ptr<postgres::Pool> pool_;
};

}  // namespace lmsmail::dispatch
