#include "services/dispatch/storage/pg_mail_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/binarystring>
#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"

namespace lmsmail::dispatch {

using postgres::Text;
using postgres::ToArrayLiteral;

std::string ReadBytes(const pqxx::field& field) {
  return field.is_null() ? std::string() : pqxx::binarystring(field).str();
}

std::map<std::string, std::string> ReadLabels(const pqxx::field& field) {
  std::map<std::string, std::string> labels;
  if (field.is_null()) return labels;
  std::vector<std::string> words = postgres::TextArray(field);
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    labels.emplace(std::move(words[i]), std::move(words[i + 1]));
  }
  return labels;
}

Mail ReadMail(const pqxx::row& row) {
  Mail mail;
  mail.id = row[0].as<std::int64_t>();
  mail.due_time = postgres::Time(row[1]);
  mail.expire_time = postgres::Time(row[2]);
  mail.create_time = postgres::Time(row[3]);
  mail.batch = row[4].as<std::int64_t>();
  mail.template_ref.version = row[5].as<int>();
  mail.lane = static_cast<Lane>(row[6].as<int>());
  mail.template_ref.category = static_cast<Category>(row[7].as<int>());
  mail.target.kind = static_cast<Target::Kind>(row[8].as<int>());
  mail.target.value = Text(row[9]);
  mail.template_ref.key = Text(row[10]);
  mail.key = Text(row[11]);
  mail.sender = identity::SplitOwnedKey(mail.key).owner;
  mail.language_code = Text(row[12]);
  mail.transport = Text(row[13]);
  mail.labels = ReadLabels(row[14]);
  mail.context = ReadBytes(row[15]);
  mail.traceparent = Text(row[16]);
  return mail;
}

SharedByBatch LoadShared(pqxx::transaction_base& tx, const std::vector<BatchId>& ids) {
  std::vector<BatchId> wanted = ids;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::erase(wanted, 0);
  SharedByBatch shared;
  if (wanted.empty()) return shared;
  const pqxx::result rows = tx.exec_params(
      "SELECT batch_id, shared_context, labels, max_per_second, cancel_time, request_id, "
      "traceparent FROM batch "
      "WHERE batch_id = ANY ($1::int8[])",
      ToArrayLiteral(wanted));
  for (const pqxx::row& row : rows) {
    shared.emplace(row[0].as<std::int64_t>(),
                   SharedParts{ReadBytes(row[1]), ReadLabels(row[2]), Text(row[6]),
                               row[3].as<double>(), postgres::OptionalTime(row[4]),
                               std::string(identity::SplitOwnedKey(Text(row[5])).owner)});
  }
  return shared;
}

void AddShared(const SharedByBatch& shared, Mail& mail) {
  const auto found = shared.find(mail.batch);
  if (found == shared.end()) return;
  mail.shared_context = found->second.context;
  mail.labels = found->second.labels;
  mail.traceparent = found->second.traceparent;
  mail.batch_max_per_second = found->second.max_per_second;
  mail.sender = found->second.sender;
}

std::map<MessageId, Mail> LoadMails(pqxx::transaction_base& tx, const std::vector<MessageId>& ids) {
  std::map<MessageId, Mail> mails;
  if (ids.empty()) return mails;
  const pqxx::result rows = tx.exec_params(
      fmt::format("SELECT m.* FROM unnest($1::int8[]) u(id) CROSS JOIN LATERAL ("
                  "SELECT {0}, content_drop_time FROM message WHERE shard = shard_of(u.id) AND "
                  "msg_id = u.id UNION ALL "
                  "SELECT {0}, NULL FROM scheduled WHERE shard = shard_of(u.id) AND msg_id = u.id "
                  "LIMIT 1) m",
                  kMailColumns),
      ToArrayLiteral(ids));
  std::vector<BatchId> batches;
  for (const pqxx::row& row : rows) {
    Mail mail = ReadMail(row);
    mail.content_drop_time = postgres::OptionalTime(row[kMailColumnCount]);
    batches.push_back(mail.batch);
    mails.emplace(mail.id, std::move(mail));
  }
  const SharedByBatch shared = LoadShared(tx, batches);
  for (auto& [id, mail] : mails) AddShared(shared, mail);
  return mails;
}

}  // namespace lmsmail::dispatch
