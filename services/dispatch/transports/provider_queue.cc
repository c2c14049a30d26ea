#include "services/dispatch/transports/provider_queue.h"

#include <utility>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::dispatch {

ProviderQueue::Key ProviderQueue::KeyOf(const ProviderMail& mail) {
  Key key = mail.mail.parts->category;
  key.append(1, '\0').append(mail.content.body->text);
  key.append(1, '\0').append(mail.content.body->html);
  return key;
}

void ProviderQueue::Add(PendingMail mail, absl::Time now) {
  ++size_;
  Key key = KeyOf(mail.mail);
  std::string recipient = absl::AsciiStrToLower(ToAbsl(mail.mail.mail.recipient));
  const auto known = open_.find(key);
  // A request may name an address once.
  if (known != open_.end() && known->second.recipients.contains(recipient)) Close(key);
  const auto [it, added] = open_.try_emplace(key);
  OpenGroup& group = it->second;
  if (added) {
    group.ready_time = now + linger_;
    order_.emplace_back(group.ready_time, key);
  }
  if (!added) mail.mail.content.body = group.mails.front().mail.content.body;
  group.mails.push_back(std::move(mail));
  group.recipients.insert(std::move(recipient));
  if (group.mails.size() >= max_mails_) Close(key);
}

void ProviderQueue::Close(const Key& key) {
  auto group = open_.extract(key);
  if (!group.empty()) ready_.push_back(std::move(group.mapped().mails));
}

void ProviderQueue::Return(MailGroup group) {
  size_ += group.size();
  ready_.push_front(std::move(group));
}

absl::Time ProviderQueue::ready_time() const {
  if (!ready_.empty()) return absl::InfinitePast();
  return order_.empty() ? absl::InfiniteFuture() : order_.front().first;
}

std::optional<MailGroup> ProviderQueue::Take(absl::Time now) {
  while (ready_.empty() && !order_.empty() && order_.front().first <= now) {
    const auto [time, key] = std::move(order_.front());
    order_.pop_front();
    const auto group = open_.find(key);
    // Another group with the same content may have opened since.
    if (group != open_.end() && group->second.ready_time == time) Close(key);
  }
  if (ready_.empty()) return std::nullopt;
  MailGroup group = std::move(ready_.front());
  ready_.pop_front();
  size_ -= group.size();
  return group;
}

MailGroup ProviderQueue::TakeAll() {
  MailGroup all;
  for (std::optional<MailGroup> group; (group = Take(absl::InfiniteFuture()));) {
    std::move(group->begin(), group->end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace lmsmail::dispatch
