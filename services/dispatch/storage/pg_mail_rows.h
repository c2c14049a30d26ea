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

// Reads mails from the tables `message`, `scheduled` and `batch`. For use inside a transaction: all
// functions throw what libpqxx throws.
namespace lmsmail::dispatch {

// The first columns of a row that ReadMail expects, as in claimed_mails().
inline constexpr char kMailColumns[] =
    "msg_id, due_time, expire_time, create_time, batch_id, template_version, lane, category, "
    "target_kind, target, template_key, request_key, language_code, transport, labels, context";
inline constexpr int kMailColumnCount = 16;

// Without the parts that it shares with its batch.
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
  std::string sender;
};
using SharedByBatch = std::unordered_map<BatchId, SharedParts>;
// `ids` may repeat and hold 0.
SharedByBatch LoadShared(pqxx::transaction_base& tx, const std::vector<BatchId>& ids);
void AddShared(const SharedByBatch& shared, Mail& mail);

// Complete mails, from `message` or `scheduled`, in the order of their ids. Ids without a mail are
// left out.
std::map<MessageId, Mail> LoadMails(pqxx::transaction_base& tx, const std::vector<MessageId>& ids);

}  // namespace lmsmail::dispatch
