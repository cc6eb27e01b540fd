/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * Gives out the numbers of mails, each once, whatever happens. They are set aside in blocks, in the database, before the first
 * of a block is used; those left over at a stop are never used.
 */
final class Numbers {
    static final long BLOCK = 1_000;

    private final GroupCommit commits;
    private long last;
    private long end;

    /** @param last the last number that may have been used */
    Numbers(GroupCommit commits, long last) {
        this.commits = commits;
        this.last = last;
        this.end = last;
    }

    /** @throws MailStoreException when none could be set aside */
    synchronized long next() throws MailStoreException {
        if (last == end) {
            long upTo = end + BLOCK;
            commits.write(new GroupCommit.Change() {
                @Override
                long apply(Connection connection) throws SQLException {
                    try (PreparedStatement statement = connection.prepareStatement(
                            "UPDATE rempart_mail_number SET next_number = ? WHERE next_number <= ?")) {
                        statement.setLong(1, upTo + 1);
                        statement.setLong(2, upTo);
                        return statement.executeUpdate();
                    }
                }
            });
            end = upTo;
        }
        last++;
        return last;
    }
}
