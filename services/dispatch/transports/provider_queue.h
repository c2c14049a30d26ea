#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

#include "services/dispatch/transports/provider_api.h"

namespace lmsmail::dispatch {

// A mail that waits for its request, or for the response.
struct PendingMail {
  ProviderMail mail;
  Transport::Done done;
};

// Mails that go to the provider in one request. Never empty.
using MailGroup = std::vector<PendingMail>;

// Gathers mails that can share a request. Not thread-safe.
class ProviderQueue {
 public:
  // A group is ready when it has `max_mails`, or `linger` after its first mail came.
  ProviderQueue(std::size_t max_mails, absl::Duration linger)
      : max_mails_(max_mails), linger_(linger) {}

  void Add(PendingMail mail, absl::Time now);
  // Puts a group first in the queue, to be sent as it is.
  void Return(MailGroup group);

  // When the next group is ready; InfiniteFuture without any.
  absl::Time ready_time() const;
  // The next group, if it is ready.
  std::optional<MailGroup> Take(absl::Time now);
  // All mails.
  MailGroup TakeAll();
  std::size_t size() const { return size_; }

 private:
  struct OpenGroup {
    MailGroup mails;
    std::unordered_set<std::string> recipients;  // lower case
    absl::Time ready_time;
  };
  using Key = std::string;  // what the mails of a group have in common

  static Key KeyOf(const ProviderMail& mail);
  void Close(const Key& key);

  const std::size_t max_mails_;
  const absl::Duration linger_;
  std::deque<MailGroup> ready_;
  std::unordered_map<Key, OpenGroup> open_;
  std::deque<std::pair<absl::Time, Key>> order_;  // of `open_`, oldest first; may have closed ones
  std::size_t size_ = 0;
};

}  // namespace lmsmail::dispatch
