#include "libs/service/page_token_key.h"

#include <pqxx/binarystring>
#include <pqxx/result>

#include "libs/postgres/transaction.h"
#include "libs/rpc/page_token.h"

namespace lmsmail::service {

absl::Status UsePageTokenKey(postgres::Pool& pool) {
  return postgres::RunStatement(pool, {.name = "page_token_key", .reads_only = true},
                                [](pqxx::transaction_base& tx) {
                                  const pqxx::row row = tx.exec1("SELECT key FROM page_token_key");
                                  rpc::SetPageTokenKey(pqxx::binarystring(row[0]).str());
                                  return absl::OkStatus();
                                });
}

}  // namespace lmsmail::service
