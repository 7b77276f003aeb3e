"use client";

import { Box, Button, FormControlLabel, Stack, Switch, Typography } from "@mui/material";
import { type ReactNode, useId } from "react";

import { useTelemetryConsent, useTelemetryErasure } from "../react/hooks.js";
import type { TelemetryMessages } from "../react/messages.js";
import { useMessages } from "../react/provider.js";
import { erasureState, stateOf, type TelemetrySettingsProps } from "../react/settings.js";
import { Sent } from "./sent.js";

/** `TelemetrySettings` of `@rhesis/telemetry/react`, made of Material UI and in its theme. */
export function TelemetrySettings({ messages, className }: TelemetrySettingsProps): ReactNode {
  const words = useMessages(messages);
  const consent = useTelemetryConsent();
  const id = useId();
  return (
    <Stack component="section" spacing={2} className={className ?? ""} aria-labelledby={`${id}-title`}>
      <Typography variant="h5" component="h2" id={`${id}-title`}>
        {words.title}
      </Typography>
      <Typography>{words.purpose}</Typography>
      <Box>
        <FormControlLabel
          label={words.switchLabel}
          control={
            <Switch
              checked={consent.enabled}
              disabled={!consent.choosable || consent.saving}
              onChange={(_event, checked) => consent.choose(checked)}
              slotProps={{ input: { role: "switch", "aria-describedby": `${id}-state` } }}
            />
          }
        />
        <Typography id={`${id}-state`} role="status" variant="body2" color="textSecondary">
          {stateOf(consent, words)}
        </Typography>
      </Box>
      <Explained title={words.collectedTitle} lines={words.collected} />
      <Explained title={words.neverTitle} lines={words.never} />
      <Sent words={words} enabled={consent.enabled} />
      <Erasure words={words} />
    </Stack>
  );
}

function Explained({ title, lines }: { title: string; lines: readonly string[] }): ReactNode {
  return (
    <Box>
      <Typography variant="subtitle1" component="h3">
        {title}
      </Typography>
      <Box component="ul" sx={{ m: 0, pl: 3 }}>
        {lines.map((line) => (
          <Typography component="li" variant="body2" key={line}>
            {line}
          </Typography>
        ))}
      </Box>
    </Box>
  );
}

function Erasure({ words }: { words: TelemetryMessages }): ReactNode {
  const erasure = useTelemetryErasure();
  const id = useId();
  return (
    <Box>
      <Typography variant="subtitle1" component="h3">
        {words.eraseTitle}
      </Typography>
      <Typography variant="body2" sx={{ mb: 1 }}>
        {words.eraseExplained}
      </Typography>
      {erasure.state === "confirming" ? (
        <Box role="group" aria-labelledby={id} onKeyDown={(event) => event.key === "Escape" && erasure.cancel()}>
          <Typography id={id} sx={{ mb: 1 }}>
            {words.eraseQuestion}
          </Typography>
          <Stack direction="row" spacing={1}>
            <Button variant="outlined" autoFocus onClick={erasure.cancel}>
              {words.eraseCancel}
            </Button>
            <Button variant="outlined" color="error" onClick={erasure.confirm}>
              {words.eraseConfirm}
            </Button>
          </Stack>
        </Box>
      ) : (
        <Button variant="outlined" disabled={erasure.state === "sending"} onClick={erasure.begin}>
          {words.erase}
        </Button>
      )}
      <Typography role="status" variant="body2" sx={{ mt: 1 }}>
        {erasureState(erasure.state, words)}
      </Typography>
    </Box>
  );
}
