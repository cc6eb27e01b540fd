/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.rempart.distribution.database.SchemaSteps.LaterVersionException;
import org.rempart.distribution.home.FaultException;

/** The tables of James's entities: domains, accounts, aliases and the quotas that are set. */
final class Schema {
    /** Tells which steps are done. */
    static final String TABLE = "REMPART_SCHEMA";

    private Schema() {}

    /**
     * James's own columns are shorter than what they have to hold. What does not fit would fail the setting up of an account or
     * alias (RFC 5321, section 4.5.3.1; all members of a group stand in one field).
     */
    private static List<String> create() {
        return List.of(
                "CREATE TABLE JAMES_DOMAIN (DOMAIN_NAME VARCHAR(255) NOT NULL PRIMARY KEY)",
                "CREATE TABLE JAMES_USER (USER_NAME VARCHAR(320) NOT NULL PRIMARY KEY, PASSWORD VARCHAR(500) NOT NULL,"
                        + " PASSWORD_HASH_ALGORITHM VARCHAR(100) NOT NULL, VERSION INTEGER)",
                "CREATE TABLE JAMES_RECIPIENT_REWRITE (DOMAIN_NAME VARCHAR(255) NOT NULL, USER_NAME VARCHAR(320) NOT NULL,"
                        + " TARGET_ADDRESS VARCHAR(32000) NOT NULL, PRIMARY KEY (DOMAIN_NAME, USER_NAME))",
                quota("JAMES_MAX_GLOBAL_MESSAGE_COUNT", "QUOTAROOT_ID"),
                quota("JAMES_MAX_GLOBAL_STORAGE", "QUOTAROOT_ID"),
                quota("JAMES_MAX_DOMAIN_MESSAGE_COUNT", "DOMAIN"),
                quota("JAMES_MAX_DOMAIN_STORAGE", "DOMAIN"),
                quota("JAMES_MAX_USER_MESSAGE_COUNT", "QUOTAROOT_ID"),
                quota("JAMES_MAX_USER_STORAGE", "QUOTAROOT_ID"));
    }

    private static String quota(String table, String of) {
        return "CREATE TABLE " + table + " (" + of + " VARCHAR(350) NOT NULL PRIMARY KEY, VALUE BIGINT)";
    }

    /**
     * Does the steps that are not done yet.
     *
     * @throws FaultException when the tables are of a later version, or a step fails
     */
    static void bringUpToDate(DataSource connections) throws FaultException {
        try {
            new SchemaSteps(TABLE, List.of(create())).bringUpToDate(connections);
        } catch (LaterVersionException later) {
            throw new FaultException("the database was last used by a later version of this server ("
                    + later.getMessage() + "); start that version, or restore a backup that this one made");
        } catch (SQLException failed) {
            throw new FaultException("the tables of the database can't be made or changed (" + failed.getMessage()
                    + "); the database's user must be allowed to");
        }
    }
}
