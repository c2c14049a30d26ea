#pragma once

#include <cstdio>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// Prints mail instead of sending it, so that a fresh checkout works without a mail server.
class ConsoleTransport final : public Transport {
 public:
  // `out` is not owned. Null: mail is only logged, without its address and content, because what
  // collects JSON logs stores them.
  ConsoleTransport(std::string name, SenderIdentity sender, std::FILE* out)
      : info_{std::move(name), "console", "standard output"},
        sender_(std::move(sender)),
        out_(out) {}

  const TransportInfo& info() const override { return info_; }
  const SenderIdentity& sender() const override { return sender_; }
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test(absl::Duration) override {
    return "prints mail and sends nothing";
  }
  void Shutdown(absl::Duration) override {}

 private:
  const TransportInfo info_;
  const SenderIdentity sender_;
  absl::Mutex mutex_;
  std::FILE* const out_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
