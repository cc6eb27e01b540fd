/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

/** Whether addresses of ours may lead to the outside: the attribute {@code outside} of {@code <forwards>}. */
public enum ForwardHandling {
    /** They may. */
    ALLOW,
    /** They may not. */
    REFUSE
}
