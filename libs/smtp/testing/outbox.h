#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/smtp/client.h"

namespace lmsmail::smtp::testing {

inline Mail SampleMail(const std::string& recipient, const std::string& body = "Hello.\r\n") {
  Mail mail;
  mail.envelope_from = "school@lms.test";
  mail.recipient = recipient;
  mail.message = "Subject: Test\r\n\r\n" + body;
  return mail;
}

// A client that keeps results and phases, so that tests can wait for them.
class Outbox {
 public:
  explicit Outbox(Options options) {
    auto client = Client::Create(std::move(options), [this](uint64_t token, Phase phase) {
      absl::MutexLock lock(&mutex_);
      phases_[token].push_back(phase);
    });
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    client_ = *std::move(client);
  }

  Client& client() { return *client_; }

  // Returns the mail's token, for the functions below.
  uint64_t Send(Mail mail) {
    const uint64_t token = ++last_token_;
    mail.token = token;
    const bool sent = client_->TrySend(std::move(mail), [this, token](Result result) {
      absl::MutexLock lock(&mutex_);
      EXPECT_TRUE(results_.emplace(token, std::move(result)).second) << "a second result";
    });
    EXPECT_TRUE(sent);
    return token;
  }

  Result Wait(uint64_t token) {
    absl::MutexLock lock(&mutex_);
    const auto has_result = [&] { return results_.count(token) == 1; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&has_result), absl::Seconds(10))) {
      ADD_FAILURE() << "no result for mail " << token;
      return {};
    }
    return results_[token];
  }
  Result SendAndWait(Mail mail) { return Wait(Send(std::move(mail))); }

  std::vector<Phase> phases(uint64_t token) {
    absl::MutexLock lock(&mutex_);
    return phases_[token];
  }
  bool HasResult(uint64_t token) {
    absl::MutexLock lock(&mutex_);
    return results_.count(token) == 1;
  }

 private:
  absl::Mutex mutex_;
  std::map<uint64_t, Result> results_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::vector<Phase>> phases_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_token_ = 0;
  std::unique_ptr<Client> client_;  // last: it calls back until it is destroyed
};

}  // namespace lmsmail::smtp::testing
