// Emergencies whose words stand apart in the caller's sentence, by language. Each line has parts that have to come in this order in
// one clause with a few words between them; what is said with its words beside each other stands in the languages' own files.

const PERSON =
  "he|she|they|baby|son|daughter|mom|mum|mother|dad|father|husband|wife|kid|child|toddler|boy|girl|man|woman|somebody|someone|people|friend|brother|sister|grandma|grandpa";
const RELATIVE = "my mom|my mum|my mother|my dad|my father|my husband|my wife|my son|my daughter|my baby|the baby";

export const APART_ENGLISH = `
  {can't|cannot|can not|couldn't|can hardly|can barely|unable to|not able to|struggling to|fighting to} ... {breathe|get air|get any air|get enough air|catch my breath|catch his breath|catch her breath}
  {hasn't|has not|haven't} ... {taken a breath|drawn a breath|breathed}
  {my|his|her|their} chest ... {hurts|hurting|aches|aching|pain|pains|tight|tightening|heavy|crushing|squeezing|pressure|burning|stabbing}
  {pain|pains|pressure|ache|tightness|squeezing|burning|stabbing} ... {my|his|her|their} chest
  {clutching|grabbing|gripping|clutches|clutched|grabbed} ... {chest|throat}
  {half|side|corner} of {my|his|her} {face|mouth|body} ... {drooping|droops|drooped|hanging|numb|sagging|paralyzed|paralysed}
  {face|mouth|eye|eyelid|smile} ... {drooping|droops|drooped|sagging|lopsided}
  {took|taken|swallowed|taking|swallowing|downed} ... {all of|all my|all her|all his|all the|whole bottle|whole box|whole pack|entire bottle|entire box|every|bunch of|handful of|twenty|thirty|forty|fifty|sixty|a hundred|20|30|40|50|60|100|too many|too much} ... {pills|tablets|medicine|medication|meds|ibuprofen|paracetamol|tylenol|aspirin|painkillers|antidepressants|insulin}
  {drank|drunk|swallowed|ate|eaten|drinking|swallowing|licked} ... {under the sink|bleach|cleaner|detergent|battery|batteries|antifreeze|weed killer|weedkiller|dish soap|poison|medicine cabinet|magnet|magnets|paint thinner}
  {smoke|flames} {is|are|} {coming|pouring|billowing|filling|rising|shooting|spreading} ... {hallway|stairs|stairwell|stairway|corridor|building|house|apartment|flat|upstairs|downstairs|next door|roof|window|windows|kitchen|bedroom|basement|attic|garage|room|engine|door}
  {having|had|has} {some kind of|some sort of|another} {fit|seizure}
  {had|having|has} a fit ... {floor|arms|bed|minutes}
  {can't|cannot|don't think i can|don't know if i can|not able to} ... keep myself safe
  {peanut|peanuts|nuts|bee|wasp|stung|penicillin|shellfish} ... {wheezing|hives|swelling|swollen|swelled|throat|breathe|tongue|lips}
  {bat|knife|gun|axe|hammer|machete|crowbar} ... {smash|kill|threatening|threatens|stab|shoot|waving|pointing|at me|at us}
  {trying to|is|keeps|he's|they're|she's} {smash|smashing|kick|kicking|break|breaking|bash|bashing} {in|down|through|} {the|my|our} {door|front door|back door|window|windows}
  {can't|cannot|couldn't|can not} ... get {him|her|them|${RELATIVE}} to {wake up|wake|come round|come to}
  {can't|cannot|couldn't|can not} ... get {${RELATIVE}} to {respond|react}
  {${PERSON}} ... {won't|doesn't|isn't|not|wouldn't} ... {waking up|wake up|come round|coming round}
  {car|bus|van|truck|boat} ... {went|fell|drove|gone|rolled|crashed|skidded} ... {into|in|through|off} the {river|lake|water|canal|sea|ice|harbour|harbor|bridge}
  {${PERSON}} ... {fell|fallen|slipped|pushed} ... {into|in|onto|on|through|off} the {river|lake|water|canal|sea|pool|tracks|track|ice|rails|platform|bridge}
  {want|wanted} ... {it all|everything} to {be over|end|stop}
  {got|have|holding|bought} ... {rope|noose|gun|razor} ... {right here|in my hand|in front of me|next to me|beside me}
  {standing|sitting|stood} on {the|a} {bridge|ledge|railing|tracks|parapet}
  {bleeding|blood} ... {won't stop|can't stop|not stopping|doesn't stop|pouring|gushing|spurting|pumping}
  {baby|son|daughter|child|kid|toddler|boy|girl|newborn} ... {turned|turning|gone|went|going} {all|completely|} {blue|purple|limp|floppy|grey|gray}
  {fell|fallen|tumbled} ... {stairs|steps|ladder|roof|balcony|window} ... {unconscious|bleeding|not moving|isn't moving|can't move|can't get up|not responding|no answer}
  {lying|laying|lies|found} ... {floor|ground|bathroom|stairs|street|road} ... {unconscious|bleeding|not moving|isn't moving|not responding|no answer|unresponsive}
  {hit|ran over|run over|knocked down} ... {pedestrian|cyclist|child|kid|woman|man|boy|girl} ... {bleeding|not moving|unconscious|hurt}
  {hitting|attacking|stabbing|strangling|punching|kicking} ... {woman|child|girl|mother|wife|neighbour|neighbor}
  trapped ... {burning|fire|smoke|flames|sinking}
  {baby's|baby is|head is|head's} ... {coming out|crowning}
`;

export const APART_GERMAN = `
  {bekomme|bekommt|bekommen|krieg|kriege|kriegt|kriegen} ... {keine luft|kaum luft|kaum noch luft|nicht genug luft}
  {kann|können|kannst} ... {nicht|kaum} ... {atmen|luft holen|durchatmen}
  atmet ... {nicht mehr|kaum noch|ganz flach}
  {schmerz|schmerzen|stechen} ... {brust|brustkorb|herzgegend}
  {druck|engegefühl|brennen|ziehen} ... {brust|brustkorb}
  {brust|brustkorb} ... {schmerzt|drückt|sticht|zugeschnürt|tut so weh|tut weh|brennt}
  {fasst|greift} ... {an die brust|ans herz}
  {vater|mutter|mann|frau|oma|opa|sohn|tochter|kind|baby|kollege|nachbar} ... {reagiert|bewegt sich|rührt sich|atmet} ... {nicht|nicht mehr|kaum noch}
  {wacht|wachen} ... nicht ... auf
  {kriege|krieg|bekomme|bekommen|kriegen} ... {nicht wach|nicht mehr wach}
  {liegt|lag} ... {boden|treppe|bad|badezimmer|küche|straße} ... {blutet|bewusstlos|regungslos|rührt sich nicht|bewegt sich nicht|reagiert nicht}
  {verschluckt|geschluckt} ... {batterie|knopfzelle|magnet|magnete|putzmittel|reiniger|gift}
  {batterie|knopfzelle|putzmittel|spülmittel|reiniger|bleiche|rohrreiniger|gift|waschmittel|frostschutz|lampenöl} ... {getrunken|verschluckt|geschluckt|gegessen}
  {ganze|zwanzig|dreißig|vierzig|fünfzig|packung|schachtel|20|30|40|50} ... {tabletten|schlaftabletten|pillen|schmerzmittel} ... {genommen|geschluckt|eingenommen}
  {will|möchte} ... {nur noch|einfach} ... {tot sein|sterben|nicht mehr leben|nicht mehr aufwachen}
  {will|möchte|werde} ... {mich umbringen|mir das leben nehmen}
  {stehe|steh|sitze|sitz} ... auf {der brücke|dem dach|den gleisen|dem geländer}
  {schlägt|prügelt|sticht|tritt} ... auf {eine frau|einen mann|ein kind|meine|meinen|mich|jemanden}
  {droht|gedroht} ... {umzubringen|umbringen|abzustechen|zu erschießen|zu töten}
  {messer|pistole|waffe|axt|baseballschläger} ... {vor der tür|bedroht|in der hand}
  {rauch|qualm|flammen} ... {treppenhaus|flur|wohnung|dach|keller|fenster|überall}
  {blutet|blut|blutung} ... {hört nicht auf|nicht aufhört|nicht stoppen|spritzt|wie verrückt}
  {gesicht|mundwinkel|augenlid|gesichtshälfte} ... {hängt|gelähmt|taub|schief}
  {kind|baby|sohn|tochter|enkel} ... {läuft blau an|blau angelaufen|krampft|erstickt|ganz schlaff}
  {hals|rachen|kehle} ... {steckt|feststeckt|zugeschwollen|schwillt}
  {auto|kind|mann|frau|jemand} ... {in den fluss|in den see|ins wasser|auf die gleise|in den kanal|in den pool} ... {gefallen|gefahren|gestürzt}
  {gestürzt|gefallen|runtergefallen} ... {treppe|leiter|dach|balkon|gerüst} ... {bewusstlos|blutet|bewegt sich nicht|rührt sich nicht}
`;

export const APART_FRENCH = `
  {peux|peut|arrive|arrives} ... {plus|pas} ... {respirer|reprendre mon souffle|reprendre son souffle}
  {respire|respirent} ... {plus|très mal|à peine|difficilement}
  {douleur|douleurs|mal|pression|serrement|oppression|brûlure} ... {poitrine|thorax}
  {poitrine|thorax} ... {serre|fait mal|oppresse|brûle}
  {vient de s|s est|vient de|est} ... {écrouler|écroulé|écroulée|effondré|effondrée|effondrer|évanoui|évanouie|évanouir}
  {mère|père|mari|femme|fils|fille|bébé|grand mère|grand père|voisin|voisine} ... {réagit|bouge|réveille} ... {plus|pas}
  {avalé|bu|ingéré} ... {pile|piles|javel|déboucheur|détergent|lessive|poison|aimant|essence|produit ménager|produits ménagers}
  {pris|avalé} ... {plaquette|tube|vingt|trente|quarante|boîte entière|toute une boîte|flacon|trop de} ... {comprimés|médicaments|somnifères|cachets|pilules|doliprane|paracétamol}
  {vais|veux|voudrais} ... {me tuer|me suicider|me pendre|me jeter|mettre fin à mes jours}
  {en peux plus|supporte plus} ... {vivre|finir avec la vie|mourir}
  {flammes|fumée noire|fumée épaisse} ... {chez|maison|immeuble|appartement|cuisine|escalier|toit|étage|voisin|voisine|couloir|chambre|partout}
  {saigne|sang|saignement|hémorragie} ... {arrête pas|partout|arrive pas à arrêter|gicle}
  {visage|bouche|bras|jambe} ... {paralysé|paralysée|engourdi|engourdie|tordue|déformée|de travers}
  {gonfle|gonflé|gonflée|enflé|enfle} ... {gorge|langue|visage|lèvres}
  {gorge|langue|visage|lèvres} ... {gonfle|gonflent|gonflé|gonflée|enflée|enflé|enfle}
  {frappe|tabasse|étrangle|agresse|poignarde} ... {femme|enfant|ma mère|mon fils|ma fille|quelqu un}
  {couteau|pistolet|fusil|hache} ... {menace|tuer|devant chez}
  {bébé|fils|fille|petit|petite|enfant} ... {devient bleu|est bleu|tout bleu|toute bleue|étouffe|convulse|convulsions}
  {tombé|tombée|fait une chute} ... {escalier|escaliers|échelle|toit|balcon|fenêtre} ... {inconscient|inconsciente|sang|bouge plus|répond plus}
  {par terre|au sol|allongé|allongée} ... {répond plus|répond pas|bouge plus|bouge pas|réagit|respire|inconscient|inconsciente|sang}
`;

export const APART_SPANISH = `
  {no} ... {puedo|puede|consigo|logra|logro} ... {respirar|coger aire|tomar aire}
  respira ... {muy mal|apenas|con dificultad}
  {dolor|presión|opresión|ardor|pinchazo|punzada} ... pecho
  {pecho} ... {duele|aprieta|oprime|quema}
  {padre|madre|marido|mujer|hijo|hija|abuelo|abuela|señor|señora|compañero} ... {desplomado|desplomó|desmayado|desmayó|desplomada|desmayada}
  {padre|madre|marido|mujer|hijo|hija|abuelo|abuela|bebé} ... no ... {reacciona|respira|se mueve}
  {tragado|tragó|bebido|bebió|ingerido} ... {pila|pilas|lejía|detergente|veneno|amoníaco|cloro|desatascador|imán|gasolina|limpiador}
  {tomado|tomó|tragado|tomé|ingerido} ... {caja|bote|frasco|veinte|treinta|cuarenta|demasiadas} ... {pastillas|somníferos|medicamentos|tranquilizantes|ansiolíticos}
  {no} ... {para|deja|paro} de {sangrar|salir sangre|echar sangre}
  {sangrando|sangra} ... {no para|mucho|muchísimo|por todas partes|a chorros}
  {quiero|voy a|quisiera|pienso} ... {quitarme la vida|quitar la vida|matarme|tirarme|suicidarme}
  {llamas|mucho humo|sale humo|humo negro} ... {casa|piso|edificio|cocina|escalera|pasillo|vecino|vecina|techo|ventana|coche|garaje|habitación}
  {cara|boca|brazo|pierna|párpado} ... {caída|caído|torcida|torcido|paralizado|paralizada}
  {hincha|hinchando|hinchada|hinchado} ... {garganta|lengua|cara|labios|cuello}
  {garganta|lengua|labios|cuello} ... {hincha|hinchando|hinchada|hinchado|cerrando|hinchados}
  {pegando|golpeando|atacando|apuñalando|estrangulando|agrediendo} ... {mujer|niño|niña|hombre|madre|hijo|hija|señora|chica|vecina}
  {pistola|navaja|machete|escopeta|cuchillo} ... {amenaza|amenazando|matar|apunta|dispara}
  {bebé|hijo|hija|niño|niña|nieto|nieta} ... {ahogando|ahoga|convulsionando|convulsiones|atragantado|atragantada}
  {caído|caída|cayó} ... {escalera|escaleras|balcón|ventana|tejado|andamio} ... {no se mueve|inconsciente|sangra|sangre}
  {en el suelo|tirado|tirada} ... {sangrando|inconsciente|no responde|no reacciona|no se mueve}
  {huele|olor|escape|fuga} ... gas ... {mareo|mareando|mareado|mareada|casa|cocina|edificio|fuerte}
`;
