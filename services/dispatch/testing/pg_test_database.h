#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "libs/postgres/pool.h"
#include "libs/postgres/testing/embedded_postgres.h"

namespace lmsmail::dispatch {

// A database of its own, with the schema of dispatch and the partitions of the coming days, any of
// which may be dropped.
class PgTestDatabase {
 public:
  PgTestDatabase();

  // Of the service's own role, as in a deployment.
  postgres::Pool& pool() { return *pool_; }
  // Of the role that owns the schema.
  postgres::Pool& owner() { return *owner_; }
  // Opens a new pool and waits until all earlier sessions have ended.
  void Reconnect();
  // Returns one value, as text.
  std::string Query(const std::string& sql);
  // As the owner.
  void Execute(const std::string& sql);
  absl::Time Now();
  // Moves all stored times back by `by`, because the clock of the database cannot be set. The days
  // in message ids stay as they are.
  void Advance(absl::Duration by);

 private:
  postgres::EmbeddedPostgres::Migrated database_;
  std::unique_ptr<postgres::Pool> owner_;
  std::unique_ptr<postgres::Pool> pool_;
};

}  // namespace lmsmail::dispatch
