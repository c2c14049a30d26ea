#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

// What deploy/citus.sql needs of the schema and of the statements that run for every mail, checked
// on PostgreSQL without Citus.
namespace lmsmail::dispatch {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

// Functions of Citus that note their arguments.
constexpr char kStandIns[] = R"sql(
  CREATE TABLE public.pg_dist_partition (logicalrelid regclass, kind text, distribution_column text);
  CREATE TABLE public.delegated (function regprocedure);
  CREATE FUNCTION public.create_distributed_table(
      table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
      colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
  RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.pg_dist_partition VALUES (table_name, 'distributed', distribution_column) $$;
  CREATE FUNCTION public.create_reference_table(table_name regclass) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.pg_dist_partition VALUES (table_name, 'reference', NULL) $$;
  CREATE FUNCTION public.create_distributed_function(function_name regprocedure)
  RETURNS void LANGUAGE sql AS $$ INSERT INTO public.delegated VALUES (function_name) $$;
)sql";

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A node of a plan that reads a table.
struct Scan {
  std::string table;      // without the suffix of a partition
  std::string condition;  // what selects rows
};

// Returns the scans in a log of auto_explain, for example
//   ->  Index Scan using queue_pkey on queue q  (cost=...)
//         Index Cond: ((shard = $7) AND (lane = $3))
std::vector<Scan> ScansOf(const std::string& log) {
  std::vector<Scan> scans;
  bool inside = false;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const auto contains = [&](const char* text) { return line.find(text) != std::string::npos; };
    const bool is_node = contains("(cost=");
    if (is_node || !line.starts_with('\t')) {
      const std::size_t on = line.find(" on ");
      inside = is_node && contains("Scan") && on != std::string::npos;
      if (!inside) continue;
      const std::string name = line.substr(on + 4, line.find(' ', on + 4) - on - 4);
      scans.push_back({name.substr(0, name.find("_p20")), ""});
    } else if (inside && (contains("Cond: ") || contains("Filter: "))) {
      scans.back().condition += line;
    }
  }
  return scans;
}

class PgDistributionTest : public PgQueueFixture {
 protected:
  PgDistributionTest()
      : superuser_(postgres::EmbeddedPostgres::Shared().Dsn(Query("SELECT current_database()"))) {
    Execute(kStandIns);
  }

  void Execute(const std::string& sql) {
    pqxx::work tx(superuser_);
    tx.exec(sql);
    tx.commit();
  }
  std::vector<std::string> Column(const std::string& sql) {
    pqxx::work tx(superuser_);
    std::vector<std::string> values;
    for (const pqxx::row& row : tx.exec(sql)) values.push_back(row[0].as<std::string>());
    return values;
  }
  void Distribute() { Execute(ReadFile(CITUS_SQL)); }
  std::vector<std::string> DistributedTables() {
    return Column(
        "SELECT c.relname FROM pg_dist_partition d JOIN pg_class c ON c.oid = logicalrelid "
        "WHERE d.kind = 'distributed'");
  }

  // From now on the server logs the plan of every statement, also of those within functions, with
  // the values of its parameters.
  void LogPlans() {
    for (const char* setting :
         {"session_preload_libraries = auto_explain", "auto_explain.log_min_duration = 0",
          "auto_explain.log_nested_statements = on", "plan_cache_mode = force_custom_plan"}) {
      Execute(fmt::format("ALTER DATABASE {} SET {}", superuser_.dbname(), setting));
    }
    Reconnect();
    log_ =
        Column("SELECT regexp_replace(current_setting('data_directory'), '[^/]+$', 'log')").at(0);
    log_start_ = ReadFile(log_.c_str()).size();
  }
  std::vector<Scan> LoggedScans() { return ScansOf(ReadFile(log_.c_str()).substr(log_start_)); }

 private:
  pqxx::connection superuser_;
  std::string log_;
  std::size_t log_start_ = 0;
};

TEST_F(PgDistributionTest, DistributesWhatThereIsForEachMailOnce) {
  Distribute();
  EXPECT_THAT(DistributedTables(),
              UnorderedElementsAre("queue", "claim", "message", "result", "event"));
  Distribute();
  EXPECT_THAT(DistributedTables(), SizeIs(5)) << "it may be run again";
}

TEST_F(PgDistributionTest, KeysOfDistributedTablesBeginWithTheDistributionColumn) {
  Distribute();
  EXPECT_THAT(Column("SELECT DISTINCT distribution_column FROM pg_dist_partition "
                     "WHERE kind = 'distributed'"),
              ElementsAre("shard"));
  EXPECT_THAT(
      Column("SELECT i.indexrelid::regclass FROM pg_index i "
             "JOIN pg_dist_partition d ON d.logicalrelid = i.indrelid "
             "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
             "WHERE d.kind = 'distributed' AND i.indisunique "
             "AND a.attname IS DISTINCT FROM d.distribution_column"),
      IsEmpty());
  EXPECT_THAT(Column("SELECT d.logicalrelid FROM pg_dist_partition d WHERE d.kind = 'distributed' "
                     "AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = d.logicalrelid "
                     "AND i.indisprimary)"),
              IsEmpty())
      << "every one has a primary key";
}

// Citus refuses foreign keys and triggers between nodes, and sequences would count on each node.
TEST_F(PgDistributionTest, DistributedTablesDependOnNothingElse) {
  Distribute();
  const std::string distributed =
      "IN (SELECT logicalrelid FROM pg_dist_partition WHERE kind = 'distributed')";
  EXPECT_THAT(Column("SELECT conname FROM pg_constraint WHERE contype = 'f' AND (conrelid " +
                     distributed + " OR confrelid " + distributed + ")"),
              IsEmpty());
  EXPECT_THAT(Column("SELECT adrelid::regclass FROM pg_attrdef WHERE adrelid " + distributed +
                     " AND pg_get_expr(adbin, adrelid) LIKE '%nextval%'"),
              IsEmpty());
}

TEST_F(PgDistributionTest, FunctionsStillWorkWithoutGenericPlans) {
  Distribute();
  EXPECT_THAT(Column("SELECT proname FROM pg_proc WHERE pronamespace = 'dispatch'::regnamespace "
                     "AND 'plan_cache_mode=force_generic_plan' = ANY (proconfig)"),
              IsEmpty());
  AcceptBatch("after", 3);
  const std::vector<Claim> claims = TakeAll(Lane::kBulk);
  ASSERT_THAT(claims, SizeIs(1));
  EXPECT_EQ(FlushAll(claims[0], Outcome::Kind::kSent).recorded, 3);
}

TEST_F(PgDistributionTest, ACallAcceptsIntoOneShard) {
  std::vector<Submission> sends;
  for (int i = 0; i < 40; ++i) sends.push_back(Send(fmt::format("send-{}", i)));
  ASSERT_OK(queue().Accept(sends, absl::InfiniteFuture()));
  EXPECT_EQ(Query("SELECT count(DISTINCT shard) FROM message"), "1");
  EXPECT_EQ(Query("SELECT count(*) FROM queue q JOIN message m USING (shard, msg_id) "
                  "WHERE m.shard = shard_of(m.msg_id)"),
            "40");
}

TEST_F(PgDistributionTest, LargeBatchesKeepTheirShardBesideSends) {
  Submission large = Batch("large", 501);
  ASSERT_OK_AND_ASSIGN(const auto accepted,
                       queue().Accept({Send("a"), large, Send("b")}, absl::InfiniteFuture()));
  ASSERT_THAT(accepted, SizeIs(3));
  ASSERT_OK(accepted[1]);
  EXPECT_EQ(accepted[1]->items.size(), 501);
  EXPECT_EQ(Query("SELECT count(DISTINCT shard) FROM message WHERE batch_id <> 0 AND shard >= 4"),
            "1");
  EXPECT_EQ(Query("SELECT count(*) FROM message WHERE batch_id = 0 AND shard < 4"), "2");
}

// Citus sends a statement to one node if it knows the shard when it plans it.
TEST_F(PgDistributionTest, HotStatementsNameOneShard) {
  Distribute();
  const std::vector<std::string> distributed = DistributedTables();
  LogPlans();
  AcceptOne(Batch("batch", 3));
  AcceptMail("waits");
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(3));
  const std::vector<Outcome> outcomes = {OutcomeOf(claim.mails[0], Outcome::Kind::kSent),
                                         OutcomeOf(claim.mails[1], Outcome::Kind::kDeferred),
                                         OutcomeOf(claim.mails[2], Outcome::Kind::kUncertain)};
  EXPECT_EQ(Flush(claim, outcomes, false).recorded, 3);
  EXPECT_EQ(Flush(claim, outcomes).recorded, 0) << "repeated";
  const Claim again = Take(Lane::kBulk);
  ASSERT_THAT(again.mails, SizeIs(1)) << "with a past, which is looked up";
  EXPECT_EQ(FlushAll(again, Outcome::Kind::kSent).recorded, 1);

  std::set<std::string> scanned;
  for (const Scan& scan : LoggedScans()) {
    if (!std::ranges::count(distributed, scan.table)) continue;
    scanned.insert(scan.table);
    EXPECT_THAT(scan.condition, ContainsRegex(R"(\(shard = '[0-9]+'::smallint\))")) << scan.table;
  }
  EXPECT_THAT(scanned, UnorderedElementsAreArray(distributed));
}

}  // namespace
}  // namespace lmsmail::dispatch
