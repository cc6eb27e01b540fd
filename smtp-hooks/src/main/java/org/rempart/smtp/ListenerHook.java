/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import org.apache.james.protocols.api.handler.ExtensibleHandler;
import org.apache.james.protocols.api.handler.ProtocolHandler;
import org.apache.james.protocols.api.handler.WiringException;

/**
 * A handler of ours that relies on others of the same listener. When the listener starts, it looks whether they are there,
 * and does not let it start without them: see {@link ListenerCheck}.
 */
interface ListenerHook extends ProtocolHandler, ExtensibleHandler {
    @Override
    default List<Class<?>> getMarkerInterfaces() {
        return List.of(ProtocolHandler.class);
    }

    /** {@inheritDoc} */
    @Override
    default void wireExtensions(Class<?> interfaceName, List<?> extension) throws WiringException {
        if (interfaceName.equals(ProtocolHandler.class)) {
            ListenerCheck.check(extension);
        }
    }
}
