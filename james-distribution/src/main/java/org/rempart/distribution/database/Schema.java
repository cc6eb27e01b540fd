/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.rempart.distribution.database.SchemaSteps.LaterVersionException;
import org.rempart.distribution.home.FaultException;

/** What this server changes about James's tables, and in which steps. */
final class Schema {
    /** Tells which steps are done. */
    static final String TABLE = "REMPART_SCHEMA";

    private final DatabaseSettings.Kind kind;
    private final List<List<String>> steps = new ArrayList<>();

    Schema(DatabaseSettings.Kind kind) {
        this.kind = kind;
        steps.add(wholeColumns());
    }

    /**
     * Columns that James makes shorter than what they have to hold. What does not fit would fail the setting up of an
     * account or alias (RFC 5321, section 4.5.3.1; all members of a group stand in one field).
     */
    private List<String> wholeColumns() {
        return List.of(
                wider("JAMES_DOMAIN", "DOMAIN_NAME", 255),
                wider("JAMES_USER", "USER_NAME", 320),
                wider("JAMES_USER", "PASSWORD", 500),
                wider("JAMES_RECIPIENT_REWRITE", "USER_NAME", 320),
                wider("JAMES_RECIPIENT_REWRITE", "DOMAIN_NAME", 255),
                wider("JAMES_RECIPIENT_REWRITE", "TARGET_ADDRESS", 32000));
    }

    private String wider(String table, String column, int length) {
        return "ALTER TABLE " + table + " ALTER COLUMN " + column
                + (kind == DatabaseSettings.Kind.DERBY ? " SET DATA TYPE" : " TYPE") + " VARCHAR(" + length + ")";
    }

    /**
     * Does the steps that are not done yet.
     *
     * @throws FaultException when the tables are of a later version, or a step fails
     */
    void bringUpToDate(DataSource connections) throws FaultException {
        try {
            new SchemaSteps(TABLE, steps).bringUpToDate(connections);
        } catch (LaterVersionException later) {
            throw new FaultException("the database was last used by a later version of this server ("
                    + later.getMessage() + "); start that version, or restore a backup that this one made");
        } catch (SQLException failed) {
            throw new FaultException("the tables of the database can't be made or changed (" + failed.getMessage()
                    + "); the database's user must be allowed to");
        }
    }
}
