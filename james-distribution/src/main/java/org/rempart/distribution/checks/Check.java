/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.util.List;
import org.rempart.distribution.home.FaultException;

/** One thing that the doctor looks at. */
public interface Check {
    /** A word for it, such as {@code certificate}. */
    String name();

    /**
     * Looks at it. Nothing is changed by that, and nothing takes longer than some seconds.
     *
     * @return at least one finding
     * @throws FaultException when what is looked at can't be read: its message is a finding then
     */
    List<Finding> look(Patient patient) throws FaultException, IOException, InterruptedException;
}
