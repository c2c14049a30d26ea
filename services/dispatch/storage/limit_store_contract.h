#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"

// What every LimitStore and ConnectionShares must do.
namespace lmsmail::dispatch {

class LimitStoreUnderTest {
 public:
  virtual ~LimitStoreUnderTest() = default;
  virtual LimitStore& store() = 0;
  virtual ConnectionShares& connections() = 0;
  virtual const Clock& clock() = 0;  // the clock of the store, or one that runs as fast
  virtual void Advance(absl::Duration by) = 0;
};
using LimitStoreFactory = std::function<std::unique_ptr<LimitStoreUnderTest>()>;

class LimitStoreContract : public testing::TestWithParam<LimitStoreFactory> {
 protected:
  LimitStore& store() { return under_test_->store(); }
  ConnectionShares& connections() { return under_test_->connections(); }
  const Clock& clock() { return under_test_->clock(); }
  void Advance(absl::Duration by) { under_test_->Advance(by); }

  // The default rate is so low that no permit becomes free while a test runs.
  static LimitStore::Request Ask(int count, double per_second = 0.1,
                                 absl::Duration ahead = absl::ZeroDuration());
  Permits Acquire(const LimitStore::Request& request);
  Permits Reserve(const LimitStore::Request& request);
  // The share of `holder` in seven connections, for 15 seconds.
  int Connections(const std::string& holder);

 private:
  std::unique_ptr<LimitStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace lmsmail::dispatch
