#pragma once

#include <map>
#include <optional>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"

// Reading mails from the tables `message`, `scheduled` and `batch`. For use inside a transaction's
// body: all of these throw what libpqxx throws.
namespace lmsmail::dispatch {

// What ReadMail expects first in a row. claimed_mails() has the same columns.
inline constexpr char kMailColumns[] =
    "msg_id, due_at, expire_at, created_at, batch_id, template_version, lane, category, "
    "target_kind, target, template_key, request_key, language_code, transport, labels, context";
inline constexpr int kMailColumnCount = 16;

// Without what it shares with its batch.
Mail ReadMail(const pqxx::row& row);
// Key, value, key, value.
std::map<std::string, std::string> ReadLabels(const pqxx::field& field);
// Empty when NULL.
std::string ReadBytes(const pqxx::field& field);

struct SharedParts {
  std::string context;
  std::map<std::string, std::string> labels;
  double max_per_second = 0;
  std::optional<absl::Time> cancelled;
};
using SharedByBatch = std::unordered_map<BatchId, SharedParts>;
// `ids` may repeat and hold 0.
SharedByBatch LoadShared(pqxx::transaction_base& tx, const std::vector<BatchId>& ids);
void AddShared(const SharedByBatch& shared, Mail& mail);

// Complete mails, of today's log or of later days, in the order of their ids; those that do not
// exist are left out.
std::map<MessageId, Mail> LoadMails(pqxx::transaction_base& tx, const std::vector<MessageId>& ids);

}  // namespace lmsmail::dispatch
