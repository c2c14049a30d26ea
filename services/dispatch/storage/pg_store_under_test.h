#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"

#include "libs/postgres/pool.h"
#include "services/dispatch/storage/pg_message_log.h"
#include "services/dispatch/storage/pg_queue_store.h"
#include "services/dispatch/storage/queue_store_contract.h"

namespace lmsmail::dispatch {

// The stores on a database of their own. The database's clock cannot be set, so instead of time
// going on, everything that is stored moves back.
class PgStoreUnderTest final : public StoreUnderTest {
 public:
  PgStoreUnderTest();

  QueueStore& queue() override { return *queue_; }
  MessageLog& log() override { return *log_; }
  absl::Time Now() override;
  void Advance(absl::Duration by) override;

  postgres::Pool& pool() { return *pool_; }
  // Ends all sessions.
  void Reconnect();
  // One value, as text.
  std::string Query(const std::string& sql);

 private:
  std::string dsn_;
  std::unique_ptr<postgres::Pool> pool_;
  std::optional<PgQueueStore> queue_;
  std::optional<PgMessageLog> log_;
};

}  // namespace lmsmail::dispatch
