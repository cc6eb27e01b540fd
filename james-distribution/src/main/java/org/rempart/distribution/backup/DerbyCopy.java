/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Copies the embedded database; Derby names the copy's folder like the original's. */
public final class DerbyCopy implements DatabaseCopy {
    private final DataSource database;

    public DerbyCopy(DataSource database) {
        this.database = database;
    }

    @Override
    public String copy(Path target) throws IOException {
        try (Connection connection = database.getConnection();
                CallableStatement backup = connection.prepareCall("CALL SYSCS_UTIL.SYSCS_BACKUP_DATABASE(?)")) {
            backup.setString(1, target.getParent().toString());
            backup.execute();
            return "derby";
        } catch (SQLException failure) {
            throw new IOException("the database could not be copied: " + failure.getMessage(), failure);
        }
    }
}
