# cmake -DOUT=header -DSYMBOL=kName "-DFILES=a.sql;b.sql" -P EmbedSql.cmake
set(body "// Generated from the service's migrations; do not edit.\n#pragma once\n\n#include \"libs/postgres/migration.h\"\n\n")
string(APPEND body "inline constexpr lmsmail::postgres::Migration ${SYMBOL}[] = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME_WE)
  file(READ ${file} sql)
  # MSVC aside, compilers take raw strings of this size; the delimiter cannot occur in SQL.
  string(APPEND body "    {\"${stem}\", R\"lmsmail_sql(${sql})lmsmail_sql\"},\n")
endforeach()
string(APPEND body "};\n")
file(WRITE ${OUT} "${body}")
