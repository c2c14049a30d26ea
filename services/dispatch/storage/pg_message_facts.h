#pragma once

#include <optional>
#include <pqxx/result>
#include <pqxx/transaction>
#include <unordered_map>
#include <vector>

#include "services/dispatch/storage/message_state.h"

// For use inside a transaction: these functions throw what libpqxx throws.
namespace lmsmail::dispatch {

// The columns of `result r` that ReadOutcome expects.
inline constexpr char kOutcomeColumns[] =
    "r.msg_id, r.delivery_count, r.attempt, r.kind, r.reason, r.record_time, r.retry_time, "
    "r.transport, r.reply_code, "
    "r.enhanced_code, r.reply_text, r.content_hash, r.address_hash";
inline constexpr int kOutcomeColumnCount = 13;

// Reads from column `first` on. nullopt if they are NULL.
std::optional<RecordedOutcome> ReadOutcome(const pqxx::row& row, int first);

// Has an entry for each of `ids`, whether such a mail exists or not.
std::unordered_map<MessageId, MessageFacts> LoadFacts(pqxx::work& tx,
                                                      const std::vector<MessageId>& ids);

}  // namespace lmsmail::dispatch
