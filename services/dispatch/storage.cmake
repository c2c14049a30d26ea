# The queue and the log. The interfaces need no database; the stores are two.
lmsmail_embed_sql(dispatch_migrations DIR migrations SYMBOL kDispatchMigrations)

lmsmail_library(lmsmail_dispatch_state SRCS message_state.cc
                DEPS absl::span absl::status absl::statusor absl::time)

lmsmail_library(lmsmail_dispatch_storage PCH pqxx
                SRCS claim_floors.cc pg_mail_rows.cc pg_message_counts.cc pg_message_facts.cc pg_message_log.cc
                     pg_queue_accept.cc pg_queue_control.cc pg_queue_flush.cc pg_queue_store.cc
                     pg_queue_upkeep.cc
                DEPS lmsmail_clock lmsmail_dispatch_state lmsmail_postgres dispatch_migrations
                PRIVATE_DEPS absl::strings fmt::fmt spdlog::spdlog)

lmsmail_library(lmsmail_dispatch_memory_store
                SRCS in_memory_control.cc in_memory_log.cc in_memory_queue.cc
                DEPS lmsmail_dispatch_state lmsmail_clock absl::synchronization
                PRIVATE_DEPS fmt::fmt lmsmail_status)

# One contract, run on both stores.
set(store_contract message_log_contract.cc queue_accept_contract.cc queue_claim_contract.cc queue_control_contract.cc
                   queue_store_contract.cc store_invariants_contract.cc)
lmsmail_test(dispatch_in_memory_store_test SRCS in_memory_store_test.cc ${store_contract}
             DEPS lmsmail_dispatch_memory_store lmsmail_status fmt::fmt LABEL unit)
lmsmail_test(dispatch_pg_store_test PCH pqxx
             SRCS pg_queue_store_test.cc pg_store_under_test.cc ${store_contract}
             DEPS lmsmail_dispatch_storage lmsmail_postgres_testing fmt::fmt
             LABEL integration TIMEOUT 120)
lmsmail_test(dispatch_claim_floors_test SRCS claim_floors_test.cc DEPS lmsmail_dispatch_storage)
