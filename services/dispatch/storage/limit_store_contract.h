#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"

// The rules that every LimitStore keeps, and ConnectionShares.
namespace lmsmail::dispatch {

class LimitStoreUnderTest {
 public:
  virtual ~LimitStoreUnderTest() = default;
  virtual LimitStore& store() = 0;
  virtual ConnectionShares& connections() = 0;
  virtual const Clock& clock() = 0;  // that the store goes by, or one as fast
  virtual void Advance(absl::Duration by) = 0;
};
using LimitStoreFactory = std::function<std::unique_ptr<LimitStoreUnderTest>()>;

class LimitStoreContract : public testing::TestWithParam<LimitStoreFactory> {
 protected:
  LimitStore& store() { return under_test_->store(); }
  ConnectionShares& connections() { return under_test_->connections(); }
  const Clock& clock() { return under_test_->clock(); }
  void Advance(absl::Duration by) { under_test_->Advance(by); }

  // Rates are so low that what a test lasts gives no further turn.
  static LimitStore::Request Ask(int count, double per_second = 0.1,
                                 absl::Duration ahead = absl::ZeroDuration());
  Turns Take(const LimitStore::Request& request);
  Turns Join(const LimitStore::Request& request);
  // Of seven, for 15 seconds.
  int Connections(const std::string& holder);

 private:
  std::unique_ptr<LimitStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace lmsmail::dispatch
